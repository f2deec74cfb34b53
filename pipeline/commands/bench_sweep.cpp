#include <chrono>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_output.h"
#include "io/trace_file.h"
#include "pipeline/commands.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/memory.h"

namespace headsweep {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The seed's prompts: `i i+2 ... i+10`, i = 1 .. 10.
Family seed_family(const std::filesystem::path& model) {
  FamilySpec spec;
  spec.name = "seed";
  spec.corruption = "repeat_last";
  spec.arithmetic = ArithmeticSpec{1, 10, 2, 6};
  return tokenize_family(make_prompts(spec), Tokenizer(model), read_config(model), Ablation::mean,
                         Positions::all);
}

void check_heads(const std::vector<TraceStep>& trace, const Gpt2Config& config,
                 const std::filesystem::path& file) {
  for (const TraceStep& step : trace)
    if (step.layer < 0 || step.layer >= config.layers || step.head < 0 || step.head >= config.heads)
      throw UserError(fmt::format(
          "{}: head {} of layer {} does not exist in this model: use a checkpoint of the trace's "
          "shape (tests/bench/make_checkpoint.py)",
          file.string(), step.head, step.layer));
}

}  // namespace

void bench_sweep_command(const SweepBenchmark& benchmark, Format format) {
  const std::vector<TraceStep> trace = read_trace(benchmark.decisions);
  const Family family = seed_family(benchmark.model);
  const auto load_start = Clock::now();
  const LoadedModel loaded =
      load_model(benchmark.model, DeviceChoice::automatic, benchmark.threads);
  const Gpt2Config& config = loaded.model->config();
  check_heads(trace, config, benchmark.decisions);

  SweepTimes times;
  times.load_seconds = seconds_since(load_start);
  const auto start = Clock::now();
  Evaluator evaluator(*loaded.model, family.clean, family.corrupted, Ablation::mean,
                      Positions::all);
  times.family_seconds = seconds_since(start);
  Circuit kept(config.layers, config.heads, Circuit::Start::everything);
  for (const TraceStep& step : trace) {
    Circuit trial = kept;
    trial.remove(step.layer, step.head);
    times.scores.push_back({step.layer, step.head, evaluator.evaluate(trial).score_percent});
    if (step.removed) kept = trial;
  }
  times.seconds = seconds_since(start);
  times.weight_bytes = loaded.model->weight_bytes();
  times.peak_memory_bytes = peak_memory_bytes();
  times.backend = loaded.backend->info().description;
  if (format == Format::json) {
    fmt::print("{}\n", to_json(times));
    return;
  }
  fmt::print("{}\n", times.backend);
  fmt::print(
      "{} candidates in {:.2f} s, of it {:.2f} s for means and full model; loading {:.2f} s before "
      "that\n",
      times.scores.size(), times.seconds, times.family_seconds, times.load_seconds);
  fmt::print(
      "memory: {:.0f} MB at most, {:.2f} times the layers' weights\n",
      static_cast<double>(times.peak_memory_bytes) / 1e6,
      static_cast<double>(times.peak_memory_bytes) / static_cast<double>(times.weight_bytes));
}

}  // namespace headsweep
