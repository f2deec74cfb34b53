#include "pipeline/exact_scorer.h"

#include <future>

#include "pipeline/family_memory.h"
#include "pipeline/recorded_run.h"

namespace headsweep {

ExactScorer::ExactScorer(const RunRecord& record, const std::filesystem::path& model,
                         DeviceChoice choice, int threads)
    : clean_(batch_of(record.clean, record.position_names)),
      corrupted_(batch_of(record.corrupted, record.position_names)) {
  const std::filesystem::path folder = find_model(record, model);
  std::future<std::string> sha256 = hash_model(folder);
  const Device device = find_device({choice, threads});
  loaded_ = load_model(folder, device, Rung::fp64);
  check_model(sha256.get(), record, folder);
  const AblationRule rule = ablation_of(record);
  evaluator_ = std::make_unique<Evaluator>(
      *loaded_.model, clean_, corrupted_, rule,
      fit_alone(device, *loaded_.model, record.family, clean_, corrupted_, rule, 0));
  device_ = loaded_.backend->info().description;
}

std::vector<double> ExactScorer::scores_percent(std::span<const Circuit> circuits) {
  std::vector<double> scores;
  for (const Evaluation& each : evaluator_->evaluate(circuits))
    scores.push_back(each.score_percent);
  return scores;
}

}  // namespace headsweep
