#include "model/tokenizer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_file.h"
#include "io/saved_link.h"
#include "io/sha256.h"
#include "io/text_file.h"
#include "io/utf8.h"
#include "model/byte_symbols.h"
#include "model/merge_table.h"
#include "model/word_pattern.h"

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

/// The lines of merges.txt, one after the other, made into a table.
class MergeReader {
 public:
  MergeReader(const std::filesystem::path& path, SymbolNumbers& symbols)
      : path_(path), symbols_(symbols) {}

  MergeTable read(std::string_view text) {
    if (text.find(' ') == text.npos) refuse_saved_link(path_, text);
    table_.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_number_;
      if (line_number_ == 1 && line.starts_with("#version")) continue;
      if (!line.empty()) add(line);
    }
    return std::move(table_);
  }

 private:
  void add(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == 0 || space == line.npos || space + 1 == line.size() || space != line.rfind(' '))
      fail(line, "two symbols with a single space between them are needed");
    const std::string left(line.substr(0, space)), right(line.substr(space + 1));
    const auto result = symbols_.token(left + right);
    if (!result) fail(line, fmt::format("its result '{}' is not in vocab.json", left + right));
    const int left_number = symbols_.number(left), right_number = symbols_.number(right);
    if (const auto rank = table_.rank(left_number, right_number))
      fail(line, fmt::format("this merge is there already in line {}",
                             lines_[static_cast<std::size_t>(*rank)]));
    table_.add(left_number, right_number, *result);
    lines_.push_back(line_number_);
  }

  [[noreturn]] void fail(std::string_view line, const std::string& problem) const {
    throw UserError(
        fmt::format("{}:{}: '{}': {}; copy vocab.json and merges.txt again from where "
                    "they came, both from the same model",
                    path_.string(), line_number_, with_replacements(line.substr(0, 100)), problem));
  }

  const std::filesystem::path& path_;
  SymbolNumbers& symbols_;
  MergeTable table_;
  std::vector<int> lines_;  // by rank
  int line_number_ = 0;
};

int largest(const std::filesystem::path& path, const std::unordered_map<std::string, int>& ids) {
  int largest_id = -1;
  for (const auto& [piece, id] : ids) largest_id = std::max(largest_id, id);
  if (largest_id >= most_tokens)
    throw UserError(fmt::format("{}: has the id {}; ids up to {} are supported", path.string(),
                                largest_id, most_tokens - 1));
  return largest_id;
}

int find_end_of_text(const std::filesystem::path& path,
                     const std::unordered_map<std::string, int>& ids) {
  const auto found = ids.find(std::string(end_of_text_piece));
  if (found == ids.end())
    throw UserError(fmt::format("{}: has no '{}'; GPT-2's vocabulary must have that token",
                                path.string(), end_of_text_piece));
  return found->second;
}

}  // namespace

struct Tokenizer::Tables {
  std::filesystem::path vocabulary;
  WordPattern pattern;
  MergeTable merges;
  std::array<int, 256> byte_symbols{};            // numbers, by byte
  std::unordered_map<int, std::string> bytes_of;  // by id
  int end_of_text = 0, largest_id = 0;
  std::string sha256;

  explicit Tables(const std::filesystem::path& folder);
  void encode_plain(std::string_view text, std::vector<int>& ids) const;
  void encode_word(std::string_view word, std::vector<int>& ids) const;
  [[noreturn]] void refuse_byte(std::string_view word, int symbol) const;
};

Tokenizer::Tables::Tables(const std::filesystem::path& folder) : vocabulary(folder / "vocab.json") {
  auto ids = read_vocabulary(vocabulary);
  const auto merges_path = folder / "merges.txt";
  const std::string merges_text = read_text(merges_path, "the model's merges.txt");
  sha256 =
      headsweep::sha256(sha256_of_file(vocabulary) + "\n" + headsweep::sha256(merges_text) + "\n");
  end_of_text = find_end_of_text(vocabulary, ids);
  largest_id = largest(vocabulary, ids);
  const PieceReader pieces;
  bytes_of.reserve(ids.size());
  for (const auto& [piece, id] : ids) bytes_of.emplace(id, pieces.bytes(piece));
  SymbolNumbers symbols(std::move(ids), largest_id);
  merges = MergeReader(merges_path, symbols).read(merges_text);
  std::ranges::transform(headsweep::byte_symbols(), byte_symbols.begin(),
                         [&](const std::string& symbol) { return symbols.number(symbol); });
}

void Tokenizer::Tables::encode_plain(std::string_view text, std::vector<int>& ids) const {
  struct Range {
    std::size_t begin, end;
  };
  std::unordered_map<std::string_view, Range> seen;  // where a word's ids are
  for (const std::string_view word : pattern.words(text)) {
    const std::size_t begin = ids.size();
    if (const auto before = seen.find(word); before != seen.end()) {
      for (std::size_t i = before->second.begin; i < before->second.end; ++i) ids.push_back(ids[i]);
      continue;
    }
    encode_word(word, ids);
    seen.emplace(word, Range{begin, ids.size()});
  }
}

void Tokenizer::Tables::encode_word(std::string_view word, std::vector<int>& ids) const {
  std::vector<int> symbols;
  symbols.reserve(word.size());
  for (const char byte : word) symbols.push_back(byte_symbols[static_cast<unsigned char>(byte)]);
  merges.apply(symbols);
  for (const int symbol : symbols) {
    if (symbol > largest_id) refuse_byte(word, symbol);
    ids.push_back(symbol);
  }
}

/// The result of every merge is a token, so a symbol that is none is that of a byte.
void Tokenizer::Tables::refuse_byte(std::string_view word, int symbol) const {
  const auto byte = std::ranges::find(byte_symbols, symbol) - byte_symbols.begin();
  throw UserError(
      fmt::format("{}: has no token for the byte 0x{:02X}, which the text has in '{}'; "
                  "change the text, or use a model whose vocabulary has it",
                  vocabulary.string(), byte, with_replacements(word.substr(0, 100))));
}

Tokenizer::Tokenizer(const std::filesystem::path& folder)
    : tables_(std::make_unique<const Tables>(folder)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<int> Tokenizer::encode(std::string_view text) const {
  if (const std::size_t at = utf8_until(text); at < text.size())
    throw UserError(
        fmt::format("the text is not UTF-8: byte 0x{:02X} at offset {}; save it as "
                    "UTF-8",
                    static_cast<unsigned char>(text[at]), at));
  std::vector<int> ids;
  while (true) {
    const std::size_t end = text.find(end_of_text_piece);
    tables_->encode_plain(text.substr(0, end), ids);
    if (end == text.npos) return ids;
    ids.push_back(tables_->end_of_text);
    text.remove_prefix(end + end_of_text_piece.size());
  }
}

std::string Tokenizer::decode(std::span<const int> ids) const {
  std::string bytes;
  for (const int id : ids) {
    const auto found = tables_->bytes_of.find(id);
    if (found == tables_->bytes_of.end())
      throw UserError(fmt::format("{} is not a token's id: {} has ids from 0 to {}", id,
                                  tables_->vocabulary.string(), tables_->largest_id));
    bytes += found->second;
  }
  return with_replacements(bytes);
}

int Tokenizer::end_of_text() const { return tables_->end_of_text; }
int Tokenizer::largest_id() const { return tables_->largest_id; }
std::string Tokenizer::sha256() const { return tables_->sha256; }

}  // namespace headsweep
