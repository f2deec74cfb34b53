// Looks at a job's families and runs without searching: for plan.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/cost_file.h"
#include "io/planned_job.h"
#include "pipeline/inputs.h"
#include "pipeline/ladder.h"
#include "pipeline/planning_device.h"
#include "pipeline/run_store.h"

namespace headsweep {

/// What is found out before the model is loaded: what does not fit is refused at once.
struct PlanPreparation {
  PlanningDevice planning;
  Ladder ladder;
  DeviceInfo info;
  std::vector<PlannedFamily> families;  // by family with its ablation
};

PlanPreparation prepare_plan(const Job& job, const Inputs& inputs, const Ranks& alone);

/// What is left of a search, as a simulation takes it.
struct SearchLeft {
  FamilyCost cost;
  int decisions = 0;  // of its search; at least, if it alternates
  int left = 0;       // of them
};

class Planner {
 public:
  /// Looks at one family after the other.
  Planner(const Job& job, const Inputs& inputs, const Model& model, const PlanPreparation& prepared,
          const RunSetting& setting);

  const std::vector<std::string>& families() const { return families_; }  // in full, as text
  const std::vector<PlannedRun>& runs() const { return runs_; }
  const std::vector<SearchLeft>& left() const { return left_; }
  /// Of the full model on the families.
  const std::vector<std::string>& warnings() const { return warnings_; }
  int families_left() const { return static_cast<int>(families_left_.size()); }

 private:
  void plan_family(std::size_t first, std::size_t end);
  void plan_ablated(std::size_t number, const std::string& why_not, std::string& text);
  void plan_run(const FamilyCost& cost, const std::string& why_not, std::string& text);
  std::string look_at(const RunSpec& spec, const FamilyCost& cost, PlannedRun& run,
                      std::string& text);
  RunRecord record_of(const RunSpec& run) const;

  const Job& job_;
  const Inputs& inputs_;
  const Model& model_;
  const PlanPreparation& prepared_;
  const RunSetting& setting_;
  const std::vector<RunSpec> all_runs_;
  const std::vector<AblatedFamilySpec> ablated_;
  std::size_t next_ = 0;  // of all runs
  std::vector<std::string> families_, warnings_;
  std::vector<PlannedRun> runs_;
  std::vector<SearchLeft> left_;
  std::set<std::size_t> families_left_;  // with their ablation
};

}  // namespace headsweep
