#include "pipeline/report/markdown_table.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "io/printable.h"

namespace headsweep {
namespace {

std::string in_one_cell(const std::string& text) {
  std::string cell;
  for (const char c : markdown_text(text)) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

std::string markdown_text(const std::string& text) {
  constexpr std::string_view marks = "\\`[]*";
  std::string one_line = text, shown;
  std::ranges::replace_if(
      one_line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  for (const char c : printable(one_line, LineEnds::escaped)) {
    if (c == '<') {
      shown += "&lt;";
    } else if (c == '&') {
      shown += "&amp;";
    } else {
      if (marks.find(c) != std::string_view::npos) shown += '\\';
      shown += c;
    }
  }
  return shown;
}

MarkdownTable::MarkdownTable(Columns columns) : columns_(std::move(columns)) {
  for (const auto& [title, align] : columns_)
    widths_.push_back(std::max<std::size_t>(title.size(), 3));
}

void MarkdownTable::add(std::vector<std::string> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = in_one_cell(cells[i]);
    widths_[i] = std::max(widths_[i], cells[i].size());
  }
  rows_.push_back(std::move(cells));
}

std::string MarkdownTable::text() const {
  std::vector<std::string> titles, rules;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].first);
    rules.push_back(std::string(widths_[i], '-'));
    if (columns_[i].second == Align::right) rules.back().back() = ':';
  }
  std::string text = line(titles) + line(rules);
  for (const auto& row : rows_) text += line(row);
  return text + '\n';
}

std::string MarkdownTable::line(const std::vector<std::string>& cells) const {
  std::string text = "|";
  for (std::size_t i = 0; i < cells.size(); ++i)
    text += columns_[i].second == Align::left ? fmt::format(" {:<{}} |", cells[i], widths_[i])
                                              : fmt::format(" {:>{}} |", cells[i], widths_[i]);
  return text + '\n';
}

}  // namespace headsweep
