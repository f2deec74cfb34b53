#include <optional>

#include "io/errors.h"
#include "io/run_file.h"
#include "pipeline/ladder.h"
#include "pipeline/run_store.h"

namespace headsweep {
namespace {

/// The recorded ladder as far as this device has its rungs.
std::vector<RungCost> recorded_costs(const RunRecord& record, const std::vector<Rung>& at_hand) {
  std::vector<RungCost> costs;
  for (const RungRecord& recorded : record.rungs)
    for (const Rung rung : at_hand)
      if (recorded.name == name_of(rung)) costs.push_back({rung, recorded.cost});
  return costs;
}

/// What an earlier start has measured. A file that cannot be gone on with is not looked into
/// further: opening it will say why.
std::optional<std::vector<RungCost>> costs_of_earlier_start(const Job& job,
                                                            const std::vector<Rung>& at_hand) {
  for (const RunSpec& run : runs_of(job)) {
    const std::filesystem::path path = run_file_path(job, run);
    if (!std::filesystem::exists(path)) continue;
    try {
      const RunRecord record = read_run_file(path, FileOrigin::own_output);
      if (value_of(record.identity, "precision", "") == name_of(job.run.precision))
        if (auto costs = recorded_costs(record, at_hand); costs.size() == record.rungs.size())
          return costs;
    } catch (const UserError&) {
      continue;
    }
  }
  return std::nullopt;
}

}  // namespace

Ladder choose_ladder(const Job& job, const Device& device) {
  const std::vector<Rung> at_hand = available_rungs(device);
  if (const auto costs = costs_of_earlier_start(job, at_hand))
    return make_ladder(job.run.precision, *costs);
  if (job.run.precision == Precision::automatic)
    return make_ladder(job.run.precision, measure_rung_costs(device));
  // Nothing is chosen by cost.
  std::vector<RungCost> costs;
  for (const Rung rung : at_hand) costs.push_back({rung, 1});
  return make_ladder(job.run.precision, costs);
}

}  // namespace headsweep
