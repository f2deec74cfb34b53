#include "pipeline/scaling/seed_sweep.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/search.h"

namespace headsweep {

Family seed_family(const Tokenizer& tokenizer, const ModelConfig& config, int number) {
  FamilySpec spec;
  spec.name = fmt::format("seed-{}", number);
  spec.generate = {ArithmeticSpec{1 + number, 10 + number, 2, 6}, Distractor::last};
  return tokenize_family(make_prompts({spec}, tokenizer).front().prompts, tokenizer, config,
                         Ablation::mean, Positions::all);
}

void check_trace(const std::vector<TraceStep>& trace, const ModelConfig& config,
                 const std::filesystem::path& file) {
  const GreedySearch search({config.layers, config.heads});
  const auto as_head = [](const TraceStep& step) { return Component{step.layer, step.head}; };
  if (!std::ranges::equal(trace, search.coming(), {}, as_head))
    throw UserError(fmt::format(
        "{}: is not the search of a model with {} layers of {} heads, last to first: use a "
        "checkpoint of the trace's shape (tests/bench/make_checkpoint.py)",
        file.string(), config.layers, config.heads));
}

}  // namespace headsweep
