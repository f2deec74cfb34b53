#include "io/csv_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/text_file.h"

namespace headsweep {
namespace {

std::vector<std::string> split(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> values;
  std::istringstream stream(line);
  for (std::string value; std::getline(stream, value, ',');) values.push_back(value);
  if (line.ends_with(',')) values.emplace_back();
  return values;
}

}  // namespace

CsvTable::CsvTable(const std::filesystem::path& path, const std::string& what)
    : name_(path.string()) {
  std::istringstream text(read_text(path, what));
  std::string line;
  std::getline(text, line);
  columns_ = split(line);
  for (int number = 2; std::getline(text, line); ++number) {
    std::vector<std::string> values = split(line);
    if (values.empty()) continue;
    if (values.size() != columns_.size())
      throw UserError(fmt::format("{}:{}: has {} values, but the first line names {} columns",
                                  name_, number, values.size(), columns_.size()));
    rows_.push_back({number, std::move(values)});
  }
}

bool CsvTable::has(std::string_view column) const {
  return std::ranges::find(columns_, column) != columns_.end();
}

void CsvTable::require(std::initializer_list<const char*> columns) const {
  for (const char* wanted : columns)
    if (!has(wanted))
      throw UserError(fmt::format("{}:1: has no column '{}'; wanted are {}", name_, wanted,
                                  fmt::join(columns, ", ")));
}

const std::string& CsvTable::text(std::size_t row, std::string_view column) const {
  const auto at = std::ranges::find(columns_, column) - columns_.begin();
  return rows_[row].values[static_cast<std::size_t>(at)];
}

template <class Number>
Number CsvTable::number(std::size_t row, std::string_view column) const {
  const std::string& value = text(row, column);
  Number read{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
  if (error != std::errc() || end != value.data() + value.size())
    throw UserError(
        fmt::format("{}: {}: '{}' is not a number of the right kind", where(row), column, value));
  return read;
}

int CsvTable::integer(std::size_t row, std::string_view column) const {
  return number<int>(row, column);
}

double CsvTable::finite_number(std::size_t row, std::string_view column) const {
  const auto value = number<double>(row, column);
  if (!std::isfinite(value))
    throw UserError(fmt::format("{}: {}: {} is no finite number", where(row), column, value));
  return value;
}

std::pair<int, int> CsvTable::layer_and_head(std::size_t row) const {
  const int layer = integer(row, "layer"), head = integer(row, "head");
  if (layer < 0 || head < 0)
    throw UserError(
        fmt::format("{}: layer {}, head {}: neither can be negative", where(row), layer, head));
  return {layer, head};
}

bool CsvTable::yes(std::size_t row, std::string_view column) const {
  const int value = integer(row, column);
  if (value != 0 && value != 1)
    throw UserError(fmt::format("{}: {}: {} is neither 0 nor 1", where(row), column, value));
  return value == 1;
}

std::string CsvTable::where(std::size_t row) const {
  return fmt::format("{}:{}", name_, rows_[row].line);
}

}  // namespace headsweep
