#include "pipeline/led_search.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "pipeline/drawn_prompts.h"

namespace headsweep {
namespace {

/// How likely it is that a step which is too near falls as the cheaper score says. (Its margin is
/// inside several standard deviations of the error.)
constexpr double stays_as_it_is = 0.95;

CertifiedRule of_request(CertifiedRule rule, const SearchRequest& request) {
  rule.search.threshold_percent = request.threshold_percent;
  rule.search.order = request.order;
  return rule;
}

}  // namespace

LedSearch::LedSearch(const CertifiedRule& rule, const SearchRequest& request, const FullModel& full)
    : run_(request.run),
      rule_(of_request(rule, request).search),
      search_(of_request(rule, request)),
      odds_(rule_),
      prompts_(request.prompts) {
  if (!prompts_.empty())
    for (const std::vector<double>& of_rung : full)
      full_means_.push_back(mean(drawn(of_rung, prompts_)));
  const FoundBefore& before = request.before;
  if (before.nothing()) {
    full_per_prompt_ = drawn(full.back(), prompts_);
  } else {
    search_.take_up(before.steps, before.errors);
  }
  first_unreported_ = search_.take_first_change();
  learn_steps(0);
}

int LedSearch::layer() const {
  const GreedySearch& search = search_.search();
  return search.next_step() == GreedySearch::Step::decide ? search.next().layer
                                                          : search.ranked_next();
}

std::vector<Guess> LedSearch::guesses(std::size_t most, const KnownTrials& known,
                                      Speculation speculation) const {
  std::vector<Guess> guesses;
  // While the search walks on, what it wants is among the likely ones, as certain.
  if (stage() != Stage::walking)
    for (const Trial& trial : search_.wanted())
      if (!known.contains(trial)) guesses.push_back({trial.circuit, 1, no_component, trial.rung});
  if (stage() == Stage::walking || stage() == Stage::climbing)
    std::ranges::move(likely(most, known, speculation), std::back_inserter(guesses));
  return guesses;
}

/// If the last step is not settled, it will probably stay as it is.
std::vector<Guess> LedSearch::likely(std::size_t most, const KnownTrials& known,
                                     Speculation speculation) const {
  const int rung = start_rung();
  const bool walking = stage() == Stage::walking;
  if (!walking && speculation == Speculation::off) return {};
  auto guesses = likely_circuits(search_.search(), odds_, most, [&](const Circuit& circuit) {
    return known.contains({circuit, rung});
  });
  for (Guess& guess : guesses) {
    guess.rung = rung;
    if (!walking) guess.probability *= stays_as_it_is;
  }
  return guesses;
}

/// Against the full model on the same prompts, which are drawn ones.
Evaluation LedSearch::on_own_prompts(const UsedScore& score) const {
  return scored(drawn(score.per_prompt, prompts_),
                full_means_[static_cast<std::size_t>(score.rung)]);
}

double LedSearch::own_percent(const UsedScore& score) const {
  return prompts_.empty() ? score.score_percent : on_own_prompts(score).score_percent;
}

void LedSearch::advance(KnownTrials& known) {
  std::deque<UsedScore> own;  // where they live until they are used
  const Circuit kept_before = search_.search().kept();
  const double score_before = search_.search().score_percent();
  search_.advance([&](const Trial& trial) -> const UsedScore* {
    const auto found = known.find(trial);
    if (found == known.end()) return nullptr;
    found->second.used = true;
    const UsedScore& score = found->second.score;
    if (prompts_.empty()) return &score;
    Evaluation evaluation = on_own_prompts(score);
    return &own.emplace_back(UsedScore{evaluation.score_percent, std::move(evaluation.per_prompt),
                                       score.wave, score.rank, score.rung, score.guard});
  });
  const std::size_t first_change = search_.take_first_change();
  first_unreported_ = std::min(first_unreported_, first_change);
  learn_steps(first_change);
  learn_from_useless(known, kept_before, score_before);
}

/// The odds learn from what is newly settled, or from all again if an old step has changed.
void LedSearch::learn_steps(std::size_t first_change) {
  if (first_change < learned_) {
    odds_ = RemovalOdds(rule_);
    learned_ = 0;
    learned_score_ = 100;
  }
  const auto& steps = search_.steps();
  auto decision = search_.search().decisions().begin();
  auto ranked = search_.search().ranking().begin();
  const std::size_t end = std::max(learned_, search_.settled_steps());
  for (std::size_t step = 0; step < end; ++step) {
    const bool is_new = step >= learned_;
    if (steps[step].kind == SearchStep::Kind::decision) {
      if (is_new) {
        odds_.learn(*decision);
        if (decision->removed) learned_score_ = decision->score_percent;
      }
      ++decision;
      continue;
    }
    // The score without a head alone is a good guess of what it will cost among others.
    for (int head = 0; head < rule_.heads; ++head, ++ranked)
      if (is_new) odds_.estimate(ranked->head, learned_score_ - ranked->score_percent);
  }
  learned_ = end;
}

/// A score on a branch that was not taken still tells how far the score falls without its
/// component. Of several for one, that from the least wrong assumptions counts.
void LedSearch::learn_from_useless(const KnownTrials& known_trials, const Circuit& kept_before,
                                   double score_before) {
  std::map<Component, int> least_wrong;
  const GreedySearch& search = search_.search();
  for (const auto& [trial, known] : known_trials) {
    const auto& coming = search.coming();
    if (std::ranges::find(coming, known.component) == coming.end()) continue;
    Circuit with = trial.circuit;
    with.keep(known.component);
    const auto base = known_trials.find({with, trial.rung});
    if (base == known_trials.end() && with != kept_before) continue;
    const int wrong = search.disagreements(trial.circuit);
    const auto [at, added] = least_wrong.emplace(known.component, wrong);
    if (!added && at->second <= wrong) continue;
    at->second = wrong;
    const double before =
        base == known_trials.end() ? score_before : own_percent(base->second.score);
    odds_.estimate(known.component, before - own_percent(known.score));
  }
}

bool LedSearch::may_use(const Trial& trial) const {
  return std::ranges::find(search_.wanted(), trial) != search_.wanted().end() ||
         (trial.rung == start_rung() && search_.search().may_want(trial.circuit));
}

SearchProgress LedSearch::take_progress(int family, SearchProgress::State state) {
  SearchProgress progress;
  progress.family = family;
  progress.run = run_;
  progress.state = state;
  progress.full_per_prompt = std::exchange(full_per_prompt_, {});
  progress.first_step = first_unreported_;
  const auto& steps = search_.steps();
  progress.steps.assign(steps.begin() + static_cast<std::ptrdiff_t>(first_unreported_),
                        steps.end());
  progress.errors = search_.guards().errors();
  progress.audited = search_.audited();
  first_unreported_ = steps.size();
  return progress;
}

}  // namespace headsweep
