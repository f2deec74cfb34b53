#include "model/tokenizer_tables.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_file.h"
#include "io/saved_link.h"
#include "io/sha256.h"
#include "io/text_file.h"
#include "io/utf8.h"
#include "model/byte_symbols.h"

namespace headsweep {
namespace {

constexpr std::string_view end_of_text_piece = "<|endoftext|>";
constexpr int most_tokens = 1 << 24;

/// Numbers for the symbols that take part in merges: a token's id, or, for what the vocabulary
/// lacks (byte symbols that are always merged further, say), a number above all ids.
class SymbolNumbers {
 public:
  SymbolNumbers(std::unordered_map<std::string, int> ids, int largest_id)
      : numbers_(std::move(ids)), next_(largest_id + 1), largest_id_(largest_id) {}

  int number(const std::string& symbol) {
    const auto [found, is_new] = numbers_.emplace(symbol, next_);
    if (is_new) ++next_;
    return found->second;
  }

  std::optional<int> token(const std::string& symbol) const {
    const auto found = numbers_.find(symbol);
    if (found == numbers_.end() || found->second > largest_id_) return std::nullopt;
    return found->second;
  }

 private:
  std::unordered_map<std::string, int> numbers_;
  int next_, largest_id_;
};

/// Makes a table of merges, one after the other, each found at a numbered place of a file.
class MergeCollector {
 public:
  /// `place`: what the numbers count.
  MergeCollector(SymbolNumbers& symbols, const char* place, std::size_t merges)
      : symbols_(symbols), place_(place) {
    table_.reserve(merges);
  }

  /// What is wrong with it; empty: nothing.
  std::string add(const std::string& left, const std::string& right, int place) {
    if (left.empty() || right.empty() || right.find(' ') != right.npos)
      return "two symbols with a single space between them are needed";
    const auto result = symbols_.token(left + right);
    if (!result) return fmt::format("its result '{}' is not in the vocabulary", left + right);
    const int left_number = symbols_.number(left), right_number = symbols_.number(right);
    if (const auto rank = table_.rank(left_number, right_number))
      return fmt::format("this merge is there already in {} {}", place_,
                         places_[static_cast<std::size_t>(*rank)]);
    table_.add(left_number, right_number, *result);
    places_.push_back(place);
    return {};
  }

  MergeTable take() { return std::move(table_); }

 private:
  SymbolNumbers& symbols_;
  const char* place_;
  MergeTable table_;
  std::vector<int> places_;  // by rank
};

/// merges.txt, line by line.
MergeTable read_merges(const std::filesystem::path& path, std::string_view text,
                       SymbolNumbers& symbols) {
  if (text.find(' ') == text.npos) refuse_saved_link(path, text);
  MergeCollector merges(symbols, "line",
                        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string left(line.substr(0, space)),
        right(line.substr(std::min(space + 1, line.size())));
    if (const std::string problem = merges.add(left, right, number); !problem.empty())
      throw UserError(
          fmt::format("{}:{}: '{}': {}; copy vocab.json and merges.txt again from where "
                      "they came, both from the same model",
                      path.string(), number, with_replacements(line.substr(0, 100)), problem));
  }
  return merges.take();
}

/// The list of tokenizer.json.
MergeTable read_merges(const std::filesystem::path& path, const TokenizerFile& file,
                       SymbolNumbers& symbols) {
  MergeCollector merges(symbols, "entry", file.merges.size());
  int number = 0;
  for (const auto& [left, right] : file.merges) {
    ++number;
    if (const std::string problem = merges.add(left, right, number); !problem.empty())
      throw UserError(
          fmt::format("{}: model.merges, entry {}: '{} {}': {}; copy the file again from "
                      "where the model came",
                      path.string(), number, with_replacements(left.substr(0, 100)),
                      with_replacements(right.substr(0, 100)), problem));
  }
  return merges.take();
}

/// Of pieces, and of what is there already.
int largest(const std::filesystem::path& path, const std::unordered_map<std::string, int>& ids,
            const std::unordered_map<int, std::string>& bytes_of) {
  int largest_id = -1;
  for (const auto& [piece, id] : ids) largest_id = std::max(largest_id, id);
  for (const auto& [id, bytes] : bytes_of) largest_id = std::max(largest_id, id);
  if (largest_id >= most_tokens)
    throw UserError(fmt::format("{}: has the id {}; ids up to {} are supported", path.string(),
                                largest_id, most_tokens - 1));
  return largest_id;
}

[[noreturn]] void refuse_without_end_of_text(const std::filesystem::path& path) {
  throw UserError(
      fmt::format("{}: has no '{}'; a vocabulary must have that token, which stands "
                  "before a text",
                  path.string(), end_of_text_piece));
}

[[noreturn]] void refuse_id(const std::filesystem::path& path, int id) {
  throw UserError(
      fmt::format("{}: the id {} is given twice; copy the file again from where the "
                  "model came",
                  path.string(), id));
}

/// Everything that does not depend on where merges come from. `ids` are of all pieces.
void fill_tables(std::unordered_map<std::string, int> ids, TokenizerTables& tables,
                 const auto& read_all_merges) {
  tables.largest_id = largest(tables.file, ids, tables.bytes_of);
  const PieceReader pieces;
  tables.bytes_of.reserve(ids.size());
  for (const auto& [piece, id] : ids)
    if (!tables.bytes_of.emplace(id, pieces.bytes(piece)).second) refuse_id(tables.file, id);
  SymbolNumbers symbols(std::move(ids), tables.largest_id);
  tables.merges = read_all_merges(symbols);
  std::ranges::transform(headsweep::byte_symbols(), tables.byte_symbols.begin(),
                         [&](const std::string& symbol) { return symbols.number(symbol); });
}

TokenizerTables read_gpt2_files(const std::filesystem::path& vocabulary,
                                const std::filesystem::path& merges) {
  TokenizerTables tables;
  tables.file = vocabulary;
  auto ids = read_vocabulary(vocabulary);
  const std::string merges_text = read_text(merges, "the model's merges.txt");
  tables.sha256 = sha256(sha256_of_file(vocabulary) + "\n" + headsweep::sha256(merges_text) + "\n");
  const auto end = ids.find(std::string(end_of_text_piece));
  if (end == ids.end()) refuse_without_end_of_text(vocabulary);
  tables.end_of_text = end->second;
  tables.special = AddedTokens({{end->second, end->first}});
  fill_tables(std::move(ids), tables,
              [&](SymbolNumbers& symbols) { return read_merges(merges, merges_text, symbols); });
  return tables;
}

TokenizerTables read_one_file(const std::filesystem::path& path) {
  TokenizerTables tables;
  tables.file = path;
  tables.sha256 = sha256_of_file(path);
  TokenizerFile file = read_tokenizer_file(path);
  const auto end = std::ranges::find(file.special, end_of_text_piece, &AddedToken::text);
  if (end == file.special.end()) refuse_without_end_of_text(path);
  tables.end_of_text = end->id;
  tables.composes = file.composes;
  std::unordered_map<std::string, int> ids = std::move(file.vocabulary);
  // What is looked for in the text itself is no piece: its bytes are its own.
  for (const auto* added : {&file.special, &file.others})
    for (const AddedToken& token : *added) {
      ids.erase(token.text);
      if (!tables.bytes_of.emplace(token.id, token.text).second) refuse_id(path, token.id);
    }
  fill_tables(std::move(ids), tables,
              [&](SymbolNumbers& symbols) { return read_merges(path, file, symbols); });
  tables.special = AddedTokens(std::move(file.special));
  tables.others = AddedTokens(std::move(file.others));
  return tables;
}

}  // namespace

TokenizerTables read_tokenizer(const std::filesystem::path& folder) {
  const auto vocabulary = folder / "vocab.json", one_file = folder / "tokenizer.json";
  std::error_code none;
  if (!exists(vocabulary, none) && exists(one_file, none)) return read_one_file(one_file);
  return read_gpt2_files(vocabulary, folder / "merges.txt");
}

}  // namespace headsweep
