// GPT-2's tokenizer, and GPT-NeoX's: byte-level byte-pair encoding.
// Source: Radford et al. 2019, section 2.2; the pattern and the byte alphabet are those of the
// released encoder.py.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headsweep {

class Tokenizer {
 public:
  /// Reads vocab.json and merges.txt, or, where there is no vocab.json, tokenizer.json. UserError
  /// names the file and what is wrong.
  explicit Tokenizer(const std::filesystem::path& folder);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// Token ids of UTF-8 text. `<|endoftext|>` in the text is one token, as are others that were
  /// added to the vocabulary, as in Hugging Face's tokenizer. UserError if the text is not UTF-8,
  /// or needs a byte symbol that the vocabulary lacks.
  std::vector<int> encode(std::string_view text) const;

  /// The text of the ids; bytes that are not UTF-8 become U+FFFD, as in Hugging Face's tokenizer.
  /// UserError for an id without a token.
  std::string decode(std::span<const int> ids) const;
  std::string decode(int id) const { return decode(std::span(&id, 1)); }

  int end_of_text() const;  // the id of <|endoftext|>
  int largest_id() const;
  /// Of tokenizer.json; of the hashes of vocab.json and merges.txt, a line each.
  std::string sha256() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace headsweep
