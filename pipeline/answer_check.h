// Asks the full model whether it answers prompts as `keep` wants.
#pragma once

#include <filesystem>

#include "model/config.h"
#include "model/tokenizer.h"
#include "pipeline/family_prompts.h"

namespace headsweep {

/// Loads the model when it is first asked; on the CPU in fp64, so that the same prompts are kept
/// everywhere. Both references must outlive it.
AnswerCheck model_answer_check(const std::filesystem::path& model, const ModelConfig& config,
                               const Tokenizer& tokenizer);

}  // namespace headsweep
