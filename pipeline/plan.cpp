#include "pipeline/plan.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "io/wording.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/memory.h"
#include "pipeline/run_store.h"
#include "pipeline/search.h"
#include "pipeline/serial_ranks.h"

namespace headsweep {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The time of a search over all heads: one evaluation at the top, middle and bottom layer,
/// Simpson's rule between.
double expected_search_seconds(Evaluator& evaluator, int layers, int heads) {
  const auto seconds_at = [&](int layer) {
    Circuit circuit(layers, heads, Circuit::Start::everything);
    circuit.remove(layer, 0);
    evaluator.evaluate(circuit);  // packs what the first visit to a layer packs
    circuit.remove(layer, heads - 1);
    const auto start = Clock::now();
    evaluator.evaluate(circuit);
    return seconds_since(start);
  };
  const double mean = (seconds_at(layers - 1) + 4 * seconds_at(layers / 2) + seconds_at(0)) / 6;
  return mean * layers * heads;
}

int tokens_in(const PromptBatch& batch) {
  int sum = 0;
  for (const auto& prompt : batch.tokens) sum += static_cast<int>(prompt.size());
  return sum;
}

void plan_family(const Job& job, std::size_t i, const Inputs& inputs, const Gpt2& model,
                 const std::string& model_sha256) {
  const Family& family = inputs.families[i];
  fmt::print("\n{}", describe_first_prompt(family, inputs.tokenizer));
  fmt::print("  prompts: {} clean ({} tokens), {} corrupted ({} tokens)\n", family.clean.prompts(),
             tokens_in(family.clean), family.corrupted.prompts(), tokens_in(family.corrupted));
  const RunStore store(run_file_path(job, job.families[i]),
                       new_run(job, job.families[i], family, model, inputs.tokenizer, model_sha256,
                               SerialRanks().places()));
  Evaluator evaluator(model, family.clean, family.corrupted, job.search.ablation,
                      job.search.positions);
  check_baseline(evaluator.full().mean, family.prompts.name, job);
  const auto& config = model.config();
  const int heads = config.layers * config.heads,
            decided = static_cast<int>(store.record().decisions.size());
  fmt::print("  full model: mean logit difference {:.4f}\n", evaluator.full().mean);
  fmt::print("  run file: {} ({} of {} decisions made)\n", store.path().string(), decided, heads);
  const double seconds = expected_search_seconds(evaluator, config.layers, config.heads);
  fmt::print("  work: {} evaluations, about {:.1f} s here\n", heads - decided,
             seconds * (heads - decided) / heads);
}

}  // namespace

std::string describe_first_prompt(const Family& family, const Tokenizer& tokenizer) {
  const PromptBatch& clean = family.clean;
  std::string text = fmt::format("family {}, first prompt, its tokens and named positions:\n ",
                                 family.prompts.name);
  for (std::size_t p = 0; p < clean.tokens[0].size(); ++p) {
    text += fmt::format(" {}", in_quotes(tokenizer.decode(clean.tokens[0][p])));
    for (std::size_t n = 0; n < clean.position_names.size(); ++n)
      if (clean.positions[0][n] == static_cast<int>(p))
        text += fmt::format("={}", clean.position_names[n]);
  }
  return text + fmt::format("  answer {}, distractor {}\n",
                            in_quotes(tokenizer.decode(clean.answers[0])),
                            in_quotes(tokenizer.decode(clean.distractors[0])));
}

void plan_job(const Job& job) {
  const Inputs inputs = read_inputs(job);
  const auto start = Clock::now();
  std::future<std::string> hash = hash_model(job.model.path);
  const LoadedModel loaded = load_model(job.model.path, job.run.device, job.run.threads);
  const auto& config = loaded.model->config();
  fmt::print("job {}: {} {}, threshold {} %\n", job.file.string(), inputs.families.size(),
             inputs.families.size() == 1 ? "family" : "families", job.search.threshold);
  fmt::print("model {}: {} layers, {} heads, d_model {}, loaded in {:.1f} s\n",
             job.model.path.string(), config.layers, config.heads, config.d_model,
             seconds_since(start));
  fmt::print("{}\n", loaded.backend->info().description);
  const std::string model_sha256 = hash.get();
  for (std::size_t i = 0; i < inputs.families.size(); ++i)
    plan_family(job, i, inputs, *loaded.model, model_sha256);
  fmt::print("\nmemory: {:.0f} MB at most so far, {:.0f} MB of it weights\n",
             static_cast<double>(peak_memory_bytes()) / 1e6,
             static_cast<double>(loaded.model->weight_bytes()) / 1e6);
}

}  // namespace headsweep
