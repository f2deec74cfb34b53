// tokenizer.json, as Hugging Face's tokenizers write it: Pythia's checkpoints have it alone.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headsweep {

/// A token that is looked for in the text itself, before any byte pairs.
struct AddedToken {
  int id = 0;
  std::string text;
};

struct TokenizerFile {
  std::unordered_map<std::string, int> vocabulary;          // pieces, a visible character a byte
  std::vector<std::pair<std::string, std::string>> merges;  // in their order
  std::vector<AddedToken> special;                          // looked for in the text as it is,
  std::vector<AddedToken> others;  // and these in what is left, once it is normalised
  bool composes = false;           // normalised: brought into Unicode's composed form (NFC)
};

/// UserError (file, key) for what is missing or of another type, and for every option under which
/// it would not be the byte-level byte-pair encoding of GPT-2 and GPT-NeoX.
TokenizerFile read_tokenizer_file(const std::filesystem::path& path);

}  // namespace headsweep
