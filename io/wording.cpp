#include "io/wording.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/printable.h"

namespace headsweep {
namespace {

constexpr std::size_t most_shown_bytes = 80;
constexpr std::size_t most_presented_bytes = 2000, kept_at_the_end = 500;
constexpr std::size_t longest_guessed_word = 64;

/// What people write and mean, where the letters would suggest another word.
struct Synonym {
  std::string_view written, meant;
};
constexpr Synonym synonyms[] = {{"gpu", "cuda"}};  // not 'cpu'

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

/// Where a text of at most `most` bytes may end without cutting a UTF-8 character in two.
std::size_t cut_length(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return most;
}

std::string with_middle_left_out(std::string_view text) {
  if (text.size() <= most_presented_bytes) return std::string(text);
  constexpr std::string_view gap = " ... ";
  std::string shown(
      text.substr(0, cut_length(text, most_presented_bytes - kept_at_the_end - gap.size())));
  std::size_t end = text.size() - kept_at_the_end;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return shown.append(gap).append(text.substr(end));
}

}  // namespace

std::string counted(std::int64_t count, const char* one, const char* several) {
  return fmt::format("{} {}", count, count == 1 ? one : several);
}

std::string presentable(std::string_view text) {
  // Twice: the first time so that no whole file is looked at, the second because of what escapes
  // add.
  return with_middle_left_out(printable(with_middle_left_out(text), LineEnds::escaped));
}

std::string in_quotes(std::string_view text) {
  const std::size_t length = cut_length(text, most_shown_bytes);
  return fmt::format("'{}{}'", printable(text.substr(0, length), LineEnds::escaped),
                     length < text.size() ? "..." : "");
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  if (word.size() > longest_guessed_word) return std::nullopt;
  for (const Synonym& synonym : synonyms)
    if (lower_case(word) == synonym.written &&
        std::ranges::count(candidates, std::string(synonym.meant)) > 0)
      return std::string(synonym.meant);
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(lower_case(word), lower_case(candidate));
    const bool near = distance <= std::max(word.size(), candidate.size()) / 3;
    if (near && (!best || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace headsweep
