// What a certified search needs to be scored next: to measure, to settle a step, to go on, to
// audit.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "pipeline/audit.h"
#include "pipeline/certified_search.h"

namespace headsweep {

void CertifiedSearch::find_need() {
  if (!guards_.measured()) {
    need_ = need_measurement();
    return;
  }
  if (rule_.ladder.climbing == Climbing::where_needed && rule_.ladder.top() > 0)
    for (std::size_t step = 0; step < steps_.size(); ++step)
      if (auto unsettled = unsettled_scores(step); !unsettled.empty()) {
        need_ = need_climb(step, std::move(unsettled));
        return;
      }
  if (search_.finished()) {
    need_ = need_audit();
    return;
  }
  std::vector<double> margins;
  for (const Decision& decision : search_.decisions()) margins.push_back(decision.margin);
  start_rung_ = guards_.cheapest_start(margins, rule_.search.threshold_percent);
  need_ = need_next_step();
}

CertifiedSearch::Need CertifiedSearch::need_measurement() const {
  Need need{.kind = Need::Kind::measure};
  const auto circuits = guard_circuits(rule_.search);
  for (int rung = 0; rung <= rule_.ladder.top(); ++rung)
    for (const Circuit& circuit : circuits) need.trials.push_back({circuit, rung});
  return need;
}

CertifiedSearch::Need CertifiedSearch::need_climb(std::size_t step,
                                                  std::vector<std::size_t> unsettled) const {
  Need need{.kind = Need::Kind::climb, .step = step, .scores = std::move(unsettled)};
  const GreedySearch before = replayed(step);
  const bool ranking = steps_[step].kind == SearchStep::Kind::ranking;
  const std::vector<Circuit> circuits =
      ranking ? before.wanted_for_ranking() : std::vector{before.wanted()};
  for (const std::size_t score : need.scores)
    need.trials.push_back({circuits[score], steps_[step].scores[score].rung + 1});
  return need;
}

CertifiedSearch::Need CertifiedSearch::need_next_step() const {
  if (search_.next_step() == GreedySearch::Step::decide)
    return {.kind = Need::Kind::decide, .trials = {{search_.wanted(), start_rung_}}};
  Need need{.kind = Need::Kind::rank};
  for (Circuit& circuit : search_.wanted_for_ranking())
    need.trials.push_back({std::move(circuit), start_rung_});
  return need;
}

CertifiedSearch::Need CertifiedSearch::need_audit() const {
  Need need{.kind = Need::Kind::audit, .decisions = chosen_for_audit()};
  std::erase_if(need.decisions, [&](int decision) { return audited_.contains(decision); });
  if (need.decisions.empty() || contradicted()) return {};
  GreedySearch search(rule_.search);
  auto next = need.decisions.begin();
  for (const SearchStep& step : steps_) {
    if (next == need.decisions.end()) break;
    if (step.kind == SearchStep::Kind::decision &&
        std::cmp_equal(*next, search.decisions().size())) {
      need.trials.push_back({search.wanted(), rule_.ladder.top()});
      ++next;
    }
    apply(step, search);
  }
  return need;
}

/// What the top rung has decided needs no audit.
std::vector<int> CertifiedSearch::chosen_for_audit() const {
  if (rule_.audit_percent <= 0) return {};
  std::vector<AuditCandidate> candidates;
  auto decision = search_.decisions().begin();
  for (const SearchStep& step : steps_) {
    if (step.kind != SearchStep::Kind::decision) continue;
    candidates.push_back({decision->score_percent, decision->margin, decision->removed,
                          step.scores.front().rung == rule_.ladder.top()});
    ++decision;
  }
  return choose_for_audit(candidates, rule_.audit_percent);
}

/// Those of a step's scores that have to be known better.
std::vector<std::size_t> CertifiedSearch::unsettled_scores(std::size_t step) const {
  if (steps_[step].kind == SearchStep::Kind::ranking) return unsettled_in_ranking(steps_[step]);
  const int rung = steps_[step].scores.front().rung;
  const double margin = search_.decisions()[decisions_before_[step]].margin;
  if (rung == rule_.ladder.top() || std::abs(margin) >= guards_.of(rung)) return {};
  return {0};
}

/// Neighbours in the ranking that could change places.
std::vector<std::size_t> CertifiedSearch::unsettled_in_ranking(const SearchStep& step) const {
  const auto& scores = step.scores;
  std::vector<std::size_t> order(scores.size()), unsettled;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t i) { return scores[i].score_percent; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const UsedScore &a = scores[order[i - 1]], &b = scores[order[i]];
    if (a.score_percent - b.score_percent >= guards_.of(a.rung) + guards_.of(b.rung)) continue;
    const int lower = std::min(a.rung, b.rung);
    if (lower == rule_.ladder.top()) continue;
    if (a.rung == lower) unsettled.push_back(order[i - 1]);
    if (b.rung == lower) unsettled.push_back(order[i]);
  }
  std::ranges::sort(unsettled);
  unsettled.erase(std::unique(unsettled.begin(), unsettled.end()), unsettled.end());
  return unsettled;
}

}  // namespace headsweep
