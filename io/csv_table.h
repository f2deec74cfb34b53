// A CSV file whose first line names the columns; values are not quoted.
#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headsweep {

class CsvTable {
 public:
  /// `what` the file holds, in messages: "the decisions". UserError (file, line) if a line has more
  /// or fewer values than the first. Blank lines are no rows.
  CsvTable(const std::filesystem::path& path, const std::string& what);

  bool has(std::string_view column) const;
  /// UserError that names the first of the columns that is missing.
  void require(std::initializer_list<const char*> columns) const;

  std::size_t rows() const { return rows_.size(); }
  const std::string& text(std::size_t row, std::string_view column) const;

  // UserError (file, line, column) for a value of the wrong form.
  int integer(std::size_t row, std::string_view column) const;
  double finite_number(std::size_t row, std::string_view column) const;
  /// Of the columns `layer` and `head`, neither negative.
  std::pair<int, int> layer_and_head(std::size_t row) const;
  /// 0 or 1.
  bool yes(std::size_t row, std::string_view column) const;

  /// "decisions.csv:3"
  std::string where(std::size_t row) const;

 private:
  struct Row {
    int line = 0;
    std::vector<std::string> values;
  };
  template <class Number>
  Number number(std::size_t row, std::string_view column) const;

  std::string name_;
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
};

}  // namespace headsweep
