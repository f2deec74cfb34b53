// Families given as explicit prompts, in JSON or YAML: {clean: [prompt], corrupted: [prompt]},
// where a prompt is {text, answer, distractor, joined: false, template: 0, words: {S1: "2", ...}}.
// `joined`, `template` and `words` may be left out.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace headsweep {

/// `answer` and `distractor` are words without their leading space. `words` name positions in the
/// order in which they stand in the text.
struct Prompt {
  std::string text, answer, distractor;
  int template_id = 0;
  std::vector<std::pair<std::string, std::string>> words;  // (position name, word)
  /// For messages: "families/odd5.json:12" or "family 'even-step2', clean prompt 3".
  std::string origin;
  bool joined = false;  // answer and distractor follow the text without a space
};

struct PromptFamily {
  std::string name;
  std::vector<Prompt> clean, corrupted;
};

/// UserError (file, line, prompt) for anything missing, empty, of a wrong type, unknown or
/// misspelt; prompts whose position names differ; an empty list.
PromptFamily read_prompt_file(const std::filesystem::path& path, const std::string& family_name);

/// Only the corrupted prompts, {corrupted: [prompt]}, of a family whose clean prompts are like
/// `clean`: with the same position names.
std::vector<Prompt> read_corrupted_file(const std::filesystem::path& path,
                                        const std::string& family_name, const Prompt& clean);

}  // namespace headsweep
