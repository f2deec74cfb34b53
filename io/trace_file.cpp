#include "io/trace_file.h"

#include <fmt/format.h>

#include "io/csv_table.h"
#include "io/errors.h"

namespace headsweep {

std::vector<TraceStep> read_trace(const std::filesystem::path& path) {
  const CsvTable table(path, "the decisions");
  table.require({"layer", "head", "score_pct", "removed"});
  std::vector<TraceStep> steps;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto [layer, head] = table.layer_and_head(row);
    steps.push_back(
        {layer, head, table.finite_number(row, "score_pct"), table.yes(row, "removed")});
  }
  if (steps.empty()) throw UserError(fmt::format("{}: holds no decisions", path.string()));
  return steps;
}

}  // namespace headsweep
