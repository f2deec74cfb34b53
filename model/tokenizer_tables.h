// What a tokenizer's files say, in the form in which it works: GPT-2's vocab.json and merges.txt,
// or a tokenizer.json.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "model/added_tokens.h"
#include "model/merge_table.h"

namespace headsweep {

struct TokenizerTables {
  std::filesystem::path file;  // which has the vocabulary
  MergeTable merges;
  std::array<int, 256> byte_symbols{};            // numbers for merges, by byte: ids, or above them
  std::unordered_map<int, std::string> bytes_of;  // by id
  AddedTokens special, others;  // looked for in the text as it is; in what is left, once composed
  bool composes = false;
  int end_of_text = 0, largest_id = 0;
  std::string sha256;
};

/// tokenizer.json where there is no vocab.json. UserError names the file and what is wrong.
TokenizerTables read_tokenizer(const std::filesystem::path& folder);

}  // namespace headsweep
