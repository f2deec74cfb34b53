// Tokenised prompts: what the model sees of a family's clean or corrupted set.
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace headsweep {

struct PromptBatch {
  std::vector<std::vector<int>> tokens;     // (prompts), each of its own length
  std::vector<int> answers, distractors;    // (prompts) token ids
  std::vector<int> templates;               // (prompts)
  std::vector<std::string> position_names;  // "S1", ..., "end"
  std::vector<std::vector<int>> positions;  // (prompts, position_names) token index

  int prompts() const { return static_cast<int>(tokens.size()); }
  int longest() const;     // tokens of the longest prompt
  int all_tokens() const;  // of all prompts

  bool operator==(const PromptBatch&) const = default;
};

constexpr int every_prompt = std::numeric_limits<int>::max();

/// So many prompts, from the first of them on.
PromptBatch part_of(const PromptBatch& batch, int first, int count);

/// Parts of most_prompts prompts, the last one of what is left.
std::vector<PromptBatch> cut(const PromptBatch& batch, int most_prompts);

/// Every prompt padded on the right to `length` with `padding`; positions and answers stay.
PromptBatch padded(PromptBatch batch, int length, int padding);

}  // namespace headsweep
