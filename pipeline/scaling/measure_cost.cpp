#include "pipeline/scaling/measure_cost.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "io/checkpoint.h"
#include "pipeline/clock.h"
#include "pipeline/evaluator.h"
#include "pipeline/scaling/simulation.h"

namespace headsweep {
namespace {

double seconds_of(const std::function<void()>& work) {
  const double start = monotonic_seconds();
  work();
  return monotonic_seconds() - start;
}

/// `kept` without one more head of the layer, each of `count` circuits without another.
std::vector<Circuit> neighbours(const Circuit& kept, int layer, int count) {
  std::vector<Circuit> circuits;
  for (int head = 0; head < kept.heads() && std::ssize(circuits) < count; ++head)
    if (kept.keeps(layer, head)) circuits.emplace_back(kept).remove(layer, head);
  return circuits;
}

/// Seconds of a further circuit side by side, relative to one alone; where one can be tried.
void time_side_by_side(Evaluator& evaluator, const Circuit& kept, int layer,
                       std::vector<double>& ratios) {
  const auto circuits = neighbours(kept, layer, evaluator.most_side_by_side());
  if (circuits.size() < 2) return;
  const std::span<const Circuit> all(circuits);
  evaluator.logit_differences(all);  // packs what the layer's first visit packs
  const double one = seconds_of([&] { evaluator.logit_differences(all.first(1)); }),
               several = seconds_of([&] { evaluator.logit_differences(all); });
  const auto further = static_cast<double>(circuits.size() - 1);
  ratios.push_back(std::clamp((several - one) / further / one, 0.0, 1.0));
}

double median(std::vector<double> values, double if_empty) {
  if (values.empty()) return if_empty;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Sets what does not depend on the circuits; the evaluator for what does.
Evaluator open_family(FamilyCost& cost, const Model& model, const AblatedFamily& family) {
  cost.baseline_seconds = seconds_of([&] {
    Evaluator(model, family.clean, family.corrupted, {Ablation::zero, Positions::all},
              {1, family.at_once.prompts});
  });
  const double start = monotonic_seconds();
  Evaluator evaluator(model, family.clean, family.corrupted, family.ablation, family.at_once);
  cost.family_seconds = monotonic_seconds() - start;
  cost.circuits_side_by_side = evaluator.most_side_by_side();
  return evaluator;
}

/// Some of the family's prompts, which stand for all; clean ones for the corrupted, since those of
/// other templates would not do. What is run in parts stays so.
AblatedFamily sample_of(const AblatedFamily& family, int prompts) {
  AblatedFamily sample = family;
  sample.clean = sample.corrupted = part_of(family.clean, 0, prompts);
  if (family.at_once.prompts < family.clean.prompts()) sample.at_once = {1, (prompts + 1) / 2};
  return sample;
}

FamilyCost scaled(FamilyCost cost, double factor) {
  for (double& seconds : cost.evaluation_seconds) seconds *= factor;
  cost.family_seconds *= factor;
  cost.baseline_seconds *= factor;
  return cost;
}

}  // namespace

FamilyCost estimate_family_cost(const Model& model, const AblatedFamily& family) {
  // From so many on, time goes with their number.
  constexpr int enough_tokens = 1 << 14, fewest_prompts = 2;
  const int tokens = family.clean.all_tokens();
  const int some =
      std::max(static_cast<int>(std::int64_t{family.clean.prompts()} * enough_tokens / tokens),
               fewest_prompts);
  if (2 * some < family.clean.prompts()) {
    const AblatedFamily sample = sample_of(family, some);
    return scaled(estimate_family_cost(model, sample),
                  static_cast<double>(tokens) / sample.clean.all_tokens());
  }
  FamilyCost cost;
  Evaluator evaluator = open_family(cost, model, family);
  const int layers = model.config().layers, heads = model.config().heads;
  const Circuit everything(layers, heads, Circuit::Start::everything, 1,
                           family.ablation.components);
  const bool of_heads = heads_take_part(family.ablation.components);
  std::vector<double> ratios;
  const auto seconds_at = [&](int layer) {
    Circuit circuit = everything;
    circuit.remove(of_heads ? Component{layer, 0} : Component::mlp_of(layer));
    evaluator.evaluate(circuit);  // packs what the first visit to a layer packs
    if (of_heads) circuit.remove(layer, heads - 1);
    const double seconds = seconds_of([&] { evaluator.evaluate(circuit); });
    if (of_heads) time_side_by_side(evaluator, everything, layer, ratios);
    return seconds;
  };
  const double top = seconds_at(layers - 1), middle = seconds_at(layers / 2),
               bottom = seconds_at(0);
  for (int layer = 0; layer < layers; ++layer) {
    const double t = layers > 1 ? static_cast<double>(layer) / (layers - 1) : 0;
    const double between =
        bottom * (1 - t) * (1 - 2 * t) + middle * 4 * t * (1 - t) + top * t * (2 * t - 1);
    cost.evaluation_seconds.push_back(std::max(between, std::min({top, middle, bottom})));
  }
  cost.further_circuit = median(ratios, 1);
  return cost;
}

FamilyCost measure_family_cost(const Model& model, const AblatedFamily& family,
                               const std::vector<TraceStep>& trace) {
  FamilyCost cost;
  Evaluator evaluator = open_family(cost, model, family);
  const int layers = model.config().layers, heads = model.config().heads;
  cost.evaluation_seconds.assign(static_cast<std::size_t>(layers), 0.0);
  std::vector<double> ratios;
  Circuit kept(layers, heads, Circuit::Start::everything);
  int layer = layers;
  for (const TraceStep& step : trace) {
    Circuit trial = kept;
    trial.remove(step.layer, step.head);
    const double seconds = seconds_of([&] { evaluator.evaluate(trial); });
    cost.evaluation_seconds[static_cast<std::size_t>(step.layer)] += seconds / heads;
    if (step.removed) kept = trial;
    // After a layer's first head, of which the time has been taken.
    if (step.layer != std::exchange(layer, step.layer) && step.layer % 4 == 0)
      time_side_by_side(evaluator, kept, step.layer, ratios);
  }
  cost.further_circuit = median(ratios, 1);
  return cost;
}

/// A simulated search takes no time but this; and that of the helpers' messages, which is little.
double measure_handling_seconds(const ReplayedTrace& trace) {
  constexpr int ranks = 256;
  FamilyCost cost;
  cost.evaluation_seconds.assign(static_cast<std::size_t>(trace.rule().layers), 1.0);
  const SimulatedWork work = equal_families(cost, 1);
  long long evaluations = 0;
  const double seconds =
      seconds_of([&] { evaluations = simulate(trace, {}, work, ranks).evaluations; });
  return seconds / static_cast<double>(evaluations);
}

double checkpoint_bytes(const std::filesystem::path& folder) {
  std::size_t sum = 0;
  const Checkpoint checkpoint(folder);
  for (const CheckpointFile& file : checkpoint.contents()) sum += file.bytes.size();
  return static_cast<double>(sum);
}

}  // namespace headsweep
