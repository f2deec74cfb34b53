#include "pipeline/analyses/make_on_ranks.h"

#include "pipeline/analyses/rank_scoring.h"

namespace headsweep {
namespace {

NamedValues provenance_of(const Ranks& ranks, const LoadedRungs& loaded) {
  NamedValues provenance = {{"device", device_of(loaded).description},
                            {"ranks", ranks_of_start(ranks.places(), loaded.devices)},
                            {"host", ranks.place().host}};
  if (std::string gpus = gpus_of_start(ranks.places(), loaded.devices); !gpus.empty())
    provenance.emplace_back("gpus", std::move(gpus));
  return provenance;
}

}  // namespace

Outcome make_on_ranks(Ranks& ranks, Worker& worker, const WorkOrder& order,
                      const LoadedRungs& loaded, int rung, Analyses& analyses) {
  RankScoring scoring(ranks, worker, {rung, order.stall_seconds, about_this_rank(loaded)});
  Scorer scorer([&](std::span<const Question> questions) { return scoring.answer(questions); });
  try {
    analyses.make(scorer, order.families, provenance_of(ranks, loaded));
  } catch (const AskedToStop&) {
    return Outcome::stopped;
  }
  return Outcome::done;
}

}  // namespace headsweep
