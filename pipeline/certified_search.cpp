#include "pipeline/certified_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
