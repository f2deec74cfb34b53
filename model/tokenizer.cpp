#include "model/tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/utf8.h"
#include "model/composed_text.h"
#include "model/tokenizer_tables.h"
#include "model/word_pattern.h"

namespace headsweep {

struct Tokenizer::State {
  TokenizerTables tables;
  WordPattern pattern;

  void encode_plain(std::string_view text, std::vector<int>& ids) const;
  void encode_word(std::string_view word, std::vector<int>& ids) const;
  [[noreturn]] void refuse_byte(std::string_view word, int symbol) const;
};

void Tokenizer::State::encode_plain(std::string_view text, std::vector<int>& ids) const {
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

void Tokenizer::State::encode_word(std::string_view word, std::vector<int>& ids) const {
  std::vector<int> symbols;
  symbols.reserve(word.size());
  for (const char byte : word)
    symbols.push_back(tables.byte_symbols[static_cast<unsigned char>(byte)]);
  tables.merges.apply(symbols);
  for (const int symbol : symbols) {
    if (symbol > tables.largest_id) refuse_byte(word, symbol);
    ids.push_back(symbol);
  }
}

/// The result of every merge is a token, so a symbol that is none is that of a byte.
void Tokenizer::State::refuse_byte(std::string_view word, int symbol) const {
  const auto byte = std::ranges::find(tables.byte_symbols, symbol) - tables.byte_symbols.begin();
  throw UserError(
      fmt::format("{}: has no token for the byte 0x{:02X}, which the text has in '{}'; "
                  "change the text, or use a model whose vocabulary has it",
                  tables.file.string(), byte, with_replacements(word.substr(0, 100))));
}

Tokenizer::Tokenizer(const std::filesystem::path& folder)
    : state_(std::make_unique<const State>(State{read_tokenizer(folder), {}})) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<int> Tokenizer::encode(std::string_view text) const {
  if (const std::size_t at = utf8_until(text); at < text.size())
    throw UserError(
        fmt::format("the text is not UTF-8: byte 0x{:02X} at offset {}; save it as "
                    "UTF-8",
                    static_cast<unsigned char>(text[at]), at));
  const TokenizerTables& tables = state_->tables;
  std::vector<int> ids;
  const auto take = [&](int id) { ids.push_back(id); };
  const auto encode_words = [&](std::string_view plain) { state_->encode_plain(plain, ids); };
  tables.special.split(
      text,
      [&](std::string_view plain) {
        if (tables.composes) return tables.others.split(composed(plain), encode_words, take);
        tables.others.split(plain, encode_words, take);
      },
      take);
  return ids;
}

std::string Tokenizer::decode(std::span<const int> ids) const {
  const TokenizerTables& tables = state_->tables;
  std::string bytes;
  for (const int id : ids) {
    const auto found = tables.bytes_of.find(id);
    if (found == tables.bytes_of.end())
      throw UserError(fmt::format("{} is not a token's id: {} has ids from 0 to {}", id,
                                  tables.file.string(), tables.largest_id));
    bytes += found->second;
  }
  return with_replacements(bytes);
}

int Tokenizer::end_of_text() const { return state_->tables.end_of_text; }
int Tokenizer::largest_id() const { return state_->tables.largest_id; }
std::string Tokenizer::sha256() const { return state_->tables.sha256; }

}  // namespace headsweep
