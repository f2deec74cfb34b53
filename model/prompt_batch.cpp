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

PromptBatch padded(PromptBatch batch, int length, int padding) {
  for (auto& prompt : batch.tokens) prompt.resize(static_cast<std::size_t>(length), padding);
  return batch;
}

}  // namespace headsweep
