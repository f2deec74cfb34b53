#include "io/trace_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/text_file.h"

namespace headsweep {
namespace {

std::vector<std::string> split(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  if (line.ends_with(',')) cells.emplace_back();
  return cells;
}

/// One line of the file, its cells by column name.
class Row {
 public:
  Row(const std::vector<std::string>& columns, std::vector<std::string> cells, std::string where)
      : columns_(columns), cells_(std::move(cells)), where_(std::move(where)) {
    if (cells_.size() != columns_.size())
      throw UserError(fmt::format("{}: has {} values, but the first line names {} columns", where_,
                                  cells_.size(), columns_.size()));
  }

  template <class Number>
  Number number(const std::string& column) const {
    const auto at = std::find(columns_.begin(), columns_.end(), column) - columns_.begin();
    const std::string& cell = cells_[static_cast<std::size_t>(at)];
    Number value{};
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size())
      throw UserError(
          fmt::format("{}: {}: '{}' is not a number of the right kind", where_, column, cell));
    return value;
  }

 private:
  const std::vector<std::string>& columns_;
  std::vector<std::string> cells_;
  std::string where_;
};

}  // namespace

std::vector<TraceStep> read_trace(const std::filesystem::path& path) {
  std::istringstream text(read_text(path, "the decisions"));
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> columns = split(line);
  for (const char* wanted : {"layer", "head", "score_pct", "removed"})
    if (std::find(columns.begin(), columns.end(), wanted) == columns.end())
      throw UserError(
          fmt::format("{}:1: has no column '{}'; wanted are layer, head, score_pct, removed",
                      path.string(), wanted));
  std::vector<TraceStep> steps;
  for (int number = 2; std::getline(text, line); ++number) {
    const std::vector<std::string> cells = split(line);
    if (cells.empty()) continue;
    const Row row(columns, cells, fmt::format("{}:{}", path.string(), number));
    const int layer = row.number<int>("layer"), head = row.number<int>("head");
    if (layer < 0 || head < 0)
      throw UserError(fmt::format("{}:{}: layer {}, head {}: neither can be negative",
                                  path.string(), number, layer, head));
    const auto score = row.number<double>("score_pct");
    if (!std::isfinite(score))
      throw UserError(
          fmt::format("{}:{}: score_pct: {} is no finite number", path.string(), number, score));
    const int removed = row.number<int>("removed");
    if (removed != 0 && removed != 1)
      throw UserError(
          fmt::format("{}:{}: removed: {} is neither 0 nor 1", path.string(), number, removed));
    steps.push_back({layer, head, score, removed == 1});
  }
  if (steps.empty()) throw UserError(fmt::format("{}: holds no decisions", path.string()));
  return steps;
}

}  // namespace headsweep
