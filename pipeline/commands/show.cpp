#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/json_output.h"
#include "io/printable.h"
#include "io/run_file.h"
#include "pipeline/commands.h"
#include "pipeline/picture.h"
#include "pipeline/selection_frequency.h"

namespace headsweep {
namespace {

/// The runs on prompts drawn from this one's: NAME.r1.h5, NAME.r2.h5 ... beside NAME.h5.
std::vector<RunRecord> finished_resamples(const RunRecord& record,
                                          const std::filesystem::path& run_file) {
  std::vector<RunRecord> resamples;
  if (!value_of(record.identity, "resample", "").empty()) return resamples;
  const std::string own = run_file.stem().string();
  for (const auto& file : std::filesystem::directory_iterator(
           run_file.has_parent_path() ? run_file.parent_path() : ".")) {
    const std::string name = file.path().stem().string();
    if (file.path().extension() != ".h5" || name == own || name_on_all_prompts(name) != own)
      continue;
    if (RunRecord found = read_run_file(file); is_over(found.status))
      resamples.push_back(std::move(found));
  }
  return resamples;
}

std::string selection_of(const std::vector<RunRecord>& resamples,
                         const std::filesystem::path& run_file) {
  if (resamples.empty()) return "";
  std::vector<const RunRecord*> records;
  for (const RunRecord& each : resamples) records.push_back(&each);
  return fmt::format("\n{}", selection_table(run_file.stem().string(), records));
}

}  // namespace

void show_command(const std::filesystem::path& run_file, Detail detail,
                  std::optional<double> fragile, Format format) {
  const RunRecord record = read_run_file(run_file);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(record));
    return;
  }
  print_text(stdout, "{}{}", summary(record, fragile.value_or(fragile_points)),
             selection_of(finished_resamples(record, run_file), run_file));
  if (fragile && !fragile_decisions(record, *fragile).empty())
    print_text(stdout, "\n{}", fragile_table(record, *fragile));
  if (detail == Detail::decisions) print_text(stdout, "\n{}", decision_table(record));
}

}  // namespace headsweep
