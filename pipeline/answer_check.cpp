#include "pipeline/answer_check.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

#include "model/next_token.h"
#include "pipeline/families.h"
#include "pipeline/inputs.h"

namespace headsweep {
namespace {

bool is_right(const AnswerLogits& logits, const KeepSpec& keep) {
  if (keep.top && logits.best_other > logits.answer) return false;
  return keep.times_distractor == 0 ||
         logits.answer - logits.distractor > std::log(keep.times_distractor);
}

}  // namespace

AnswerCheck model_answer_check(const std::filesystem::path& model, const ModelConfig& config,
                               const Tokenizer& tokenizer) {
  auto loaded = std::make_shared<LoadedModel>();
  return [=, &config, &tokenizer](const std::vector<Prompt>& prompts, const KeepSpec& keep) {
    if (!loaded->model) *loaded = load_model(model, DeviceChoice::cpu, Rung::fp64, 0);
    std::vector<bool> right;
    std::ranges::transform(
        answer_logits(*loaded->model, tokenize_prompts(prompts, tokenizer, config)),
        std::back_inserter(right),
        [&](const AnswerLogits& logits) { return is_right(logits, keep); });
    return right;
  };
}

}  // namespace headsweep
