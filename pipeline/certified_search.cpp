#include "pipeline/certified_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "pipeline/audit.h"
#include "pipeline/evaluator.h"

namespace headsweep {
namespace {

/// What follows from a step: what is removed, or in which order a layer's heads are tried.
std::vector<Component> outcome(const SearchStep& step, const GreedySearch& after) {
  if (step.kind == SearchStep::Kind::ranking) return {after.coming().begin(), after.coming().end()};
  const Decision& decision = after.decisions().back();
  return decision.removed ? std::vector{decision.component} : std::vector<Component>();
}

}  // namespace

void apply(const SearchStep& step, GreedySearch& search) {
  if (step.kind == SearchStep::Kind::decision) {
    search.tell(step.scores.front().score_percent);
    return;
  }
  std::vector<double> scores;
  for (const UsedScore& each : step.scores) scores.push_back(each.score_percent);
  search.rank(scores);
}

GreedySearch search_after(const SearchRule& rule, std::span<const SearchStep> steps) {
  GreedySearch search(rule);
  for (const SearchStep& step : steps) apply(step, search);
  return search;
}

CertifiedSearch::CertifiedSearch(CertifiedRule rule)
    : rule_(std::move(rule)), guards_(rule_.ladder), search_(rule_.search) {
  find_need();
}

void CertifiedSearch::take_up(std::span<const SearchStep> steps, std::vector<double> errors) {
  guards_.set_errors(std::move(errors));
  for (const SearchStep& step : steps) {
    decisions_before_.push_back(search_.decisions().size());
    apply(step, search_);
    steps_.push_back(step);
  }
  first_change_ = steps_.size();
  find_need();
}

void CertifiedSearch::advance(const Known& known) {
  while (stage() != Stage::finished) {
    std::vector<const UsedScore*> scores;
    for (const Trial& trial : need_.trials) scores.push_back(known(trial));
    if (std::ranges::find(scores, nullptr) != scores.end()) return;
    take(scores);
    find_need();
  }
}

void CertifiedSearch::take(const std::vector<const UsedScore*>& scores) {
  switch (need_.kind) {
    case Need::Kind::measure:
      return measure(scores);
    case Need::Kind::climb:
      return climb(scores);
    case Need::Kind::decide:
      return append(SearchStep::Kind::decision, scores);
    case Need::Kind::rank:
      return append(SearchStep::Kind::ranking, scores);
    case Need::Kind::audit:
      return audit(scores);
    case Need::Kind::nothing:
      break;
  }
}

// What is needed

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

// Whether a step is settled

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

CertifiedSearch::Stage CertifiedSearch::stage() const {
  switch (need_.kind) {
    case Need::Kind::measure:
      return Stage::measuring;
    case Need::Kind::climb:
      return Stage::climbing;
    case Need::Kind::decide:
    case Need::Kind::rank:
      return Stage::walking;
    case Need::Kind::audit:
      return Stage::auditing;
    case Need::Kind::nothing:
      break;
  }
  return Stage::finished;
}

std::size_t CertifiedSearch::settled_steps() const {
  return need_.kind == Need::Kind::climb ? need_.step : steps_.size();
}

// What the scores do

void CertifiedSearch::measure(const std::vector<const UsedScore*>& scores) {
  const auto rungs = static_cast<std::size_t>(rule_.ladder.top()) + 1;
  const std::size_t circuits = scores.size() / rungs;
  const auto exact = std::span(scores).last(circuits);
  std::vector<double> errors(rungs - 1);
  for (std::size_t rung = 0; rung + 1 < rungs; ++rung)
    for (std::size_t c = 0; c < circuits; ++c)
      errors[rung] = std::max(errors[rung], error_between(*scores[rung * circuits + c], *exact[c]));
  guards_.set_errors(std::move(errors));
}

double CertifiedSearch::error_between(const UsedScore& a, const UsedScore& b) const {
  if (rule_.forced_full_mean <= 0) return std::abs(a.score_percent - b.score_percent);
  return 100 * std::abs(mean(a.per_prompt) - mean(b.per_prompt)) / rule_.forced_full_mean;
}

void CertifiedSearch::append(SearchStep::Kind kind, const std::vector<const UsedScore*>& scores) {
  SearchStep step{kind, {}};
  for (const UsedScore* score : scores) {
    step.scores.push_back(*score);
    step.scores.back().guard = guards_.of(score->rung);
  }
  change_from(steps_.size());
  decisions_before_.push_back(search_.decisions().size());
  apply(step, search_);
  steps_.push_back(std::move(step));
}

void CertifiedSearch::climb(const std::vector<const UsedScore*>& scores) {
  SearchStep& step = steps_[need_.step];
  GreedySearch before = replayed(need_.step), as_it_was = before;
  apply(step, as_it_was);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    UsedScore& score = step.scores[need_.scores[i]];
    guards_.see(score.rung, error_between(score, *scores[i]));
    score = *scores[i];
    score.guard = guards_.of(score.rung);
  }
  change_from(need_.step);
  apply(step, before);
  if (outcome(step, before) != outcome(step, as_it_was)) {
    // What followed is the search of another circuit.
    steps_.resize(need_.step + 1);
    decisions_before_.resize(need_.step + 1);
    std::erase_if(audited_, [&](const auto& each) {
      return std::cmp_greater_equal(each.first, decisions_before_[need_.step]);
    });
  }
  search_ = replayed(steps_.size());
}

void CertifiedSearch::audit(const std::vector<const UsedScore*>& scores) {
  std::vector<const UsedScore*> used;  // by decision
  for (const SearchStep& step : steps_)
    if (step.kind == SearchStep::Kind::decision) used.push_back(&step.scores.front());
  for (std::size_t i = 0; i < scores.size(); ++i)
    audited_[need_.decisions[i]] = scores[i]->score_percent;
  if (contradicted()) return;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const UsedScore& before = *used[static_cast<std::size_t>(need_.decisions[i])];
    guards_.see(before.rung, error_between(before, *scores[i]));
  }
}

std::vector<Audited> CertifiedSearch::audited() const {
  std::vector<Audited> result;
  for (const auto& [decision, score_percent] : audited_) {
    const bool removes = 100 - score_percent < rule_.search.threshold_percent;
    const bool removed = search_.decisions()[static_cast<std::size_t>(decision)].removed;
    result.push_back({decision, score_percent, removes == removed});
  }
  return result;
}

bool CertifiedSearch::contradicted() const {
  return !std::ranges::all_of(audited(), &Audited::agrees);
}

void CertifiedSearch::change_from(std::size_t step) {
  first_change_ = std::min(first_change_, step);
}

std::size_t CertifiedSearch::take_first_change() {
  return std::exchange(first_change_, steps_.size());
}

GreedySearch CertifiedSearch::replayed(std::size_t steps) const {
  return search_after(rule_.search, std::span(steps_).first(steps));
}

}  // namespace headsweep
