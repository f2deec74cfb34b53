#include <fmt/format.h>

#include "io/json_output.h"
#include "io/run_file.h"
#include "pipeline/commands.h"
#include "pipeline/picture.h"

namespace headsweep {

void show_command(const std::filesystem::path& run_file, Detail detail,
                  std::optional<double> fragile, Format format) {
  const RunRecord record = read_run_file(run_file);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(record));
    return;
  }
  fmt::print("{}", summary(record, fragile.value_or(fragile_points)));
  if (fragile && !fragile_decisions(record, *fragile).empty())
    fmt::print("\n{}", fragile_table(record, *fragile));
  if (detail == Detail::decisions) fmt::print("\n{}", decision_table(record));
}

}  // namespace headsweep
