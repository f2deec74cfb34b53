// Circuits of a run scored again in fp64, here: with the run's model, prompts and ablation.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/run_record.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"

namespace headsweep {

class ExactScorer {
 public:
  /// `model`: empty for where the run had it. UserError if there is no model, or if it is another.
  ExactScorer(const RunRecord& record, const std::filesystem::path& model, DeviceChoice device,
              int threads);

  std::vector<double> scores_percent(std::span<const Circuit> circuits);
  const std::string& device() const { return device_; }

 private:
  LoadedModel loaded_;
  PromptBatch clean_, corrupted_;
  std::unique_ptr<Evaluator> evaluator_;
  std::string device_;
};

}  // namespace headsweep
