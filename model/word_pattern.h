// The words into which a tokenizer, GPT-2's or GPT-NeoX's, cuts a text before it looks for byte
// pairs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace headsweep {

class WordPattern {
 public:
  WordPattern();

  /// The text's words in order; together they are the whole text. `text` must be UTF-8.
  std::vector<std::string_view> words(std::string_view text) const;

 private:
  struct Release {
    void operator()(pcre2_real_code_8* code) const noexcept;
  };
  std::unique_ptr<pcre2_real_code_8, Release> code_;
};

}  // namespace headsweep
