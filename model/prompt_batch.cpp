#include "model/prompt_batch.h"

#include <algorithm>

namespace headsweep {

int PromptBatch::longest() const {
  std::size_t most = 0;
  for (const auto& prompt : tokens) most = std::max(most, prompt.size());
  return static_cast<int>(most);
}

int PromptBatch::all_tokens() const {
  std::size_t sum = 0;
  for (const auto& prompt : tokens) sum += prompt.size();
  return static_cast<int>(sum);
}

PromptBatch part_of(const PromptBatch& batch, int first, int count) {
  const auto part = [&]<class T>(const std::vector<T>& all) {
    return std::vector<T>(all.begin() + first, all.begin() + first + count);
  };
  return {part(batch.tokens),    part(batch.answers),  part(batch.distractors),
          part(batch.templates), batch.position_names, part(batch.positions)};
}

std::vector<PromptBatch> cut(const PromptBatch& batch, int most_prompts) {
  std::vector<PromptBatch> parts;
  for (int first = 0; first < batch.prompts();) {
    const int count = std::min(most_prompts, batch.prompts() - first);
    parts.push_back(part_of(batch, first, count));
    first += count;
  }
  return parts;
}

PromptBatch padded(PromptBatch batch, int length, int padding) {
  for (auto& prompt : batch.tokens) prompt.resize(static_cast<std::size_t>(length), padding);
  return batch;
}

}  // namespace headsweep
