// Tables in Markdown.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace headsweep {

/// A text of a run file as Markdown shows it: on one line, and without a tag, link or code of its
/// own.
std::string markdown_text(const std::string& text);

enum class Align { left, right };

/// A Markdown table whose columns line up in a terminal, too.
class MarkdownTable {
 public:
  using Columns = std::vector<std::pair<std::string, Align>>;

  explicit MarkdownTable(Columns columns);

  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);

  /// With an empty line behind it.
  std::string text() const;

 private:
  std::string line(const std::vector<std::string>& cells) const;

  Columns columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace headsweep
