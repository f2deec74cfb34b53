// Tokens that are looked for in a text itself, before it is cut into words: <|endoftext|>, and runs
// of spaces in GPT-NeoX's vocabulary.
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "io/tokenizer_file.h"

namespace headsweep {

class AddedTokens {
 public:
  AddedTokens() = default;
  explicit AddedTokens(std::vector<AddedToken> tokens);

  /// Shows the text's parts in order: what is none of the tokens, and the tokens, of those that
  /// begin at a place the longest.
  void split(std::string_view text, const std::function<void(std::string_view)>& plain,
             const std::function<void(int id)>& token) const;

 private:
  const AddedToken* beginning(std::string_view text) const;

  std::vector<AddedToken> tokens_;  // the longest first
  std::array<bool, 256> begins_{};  // whether one begins with the byte
};

}  // namespace headsweep
