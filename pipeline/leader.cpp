#include "pipeline/leader.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/evaluator.h"

namespace headsweep {
namespace {

/// Rank 0 hears of many searches: not more often than this from each.
constexpr double report_seconds = 0.2;

/// How likely it is that a step which is too near falls as the cheaper score says. (Its margin is
/// inside several standard deviations of the error.)
constexpr double stays_as_it_is = 0.95;

/// Of a trial that no next step asks for.
constexpr Head no_head{-1, -1};

using Stage = CertifiedSearch::Stage;

}  // namespace

Leader::Leader(Ranks& ranks, const CertifiedRule& rule, const LeaderOptions& options,
               const LeadRequest& request, std::vector<double> full_per_prompt)
    : ranks_(ranks),
      options_(options),
      family_(request.family),
      group_(request.group),
      rule_(rule.search),
      search_(rule),
      odds_(rule.search),
      cost_(options.most_side_by_side),
      wave_(request.before.waves) {
  if (!request.before.nothing()) search_.take_up(request.before.steps, request.before.errors);
  first_unreported_ = search_.take_first_change();
  learn_steps(0);
  report_.full_per_prompt = std::move(full_per_prompt);
}

bool Leader::start() {
  reported_ = ranks_.seconds();
  if (search_.stage() == Stage::finished) {
    report(FamilyProgress::State::finished);
    return true;
  }
  send_wave();
  return false;
}

void Leader::join(const std::vector<int>& ranks) {
  group_.insert(group_.end(), ranks.begin(), ranks.end());
}

/// What the search needs, then the likeliest, in equal shares.
std::vector<Guess> Leader::choose_trials() {
  const auto members = group_.size();
  const auto side_by_side = static_cast<std::size_t>(options_.most_side_by_side);
  const auto most = options_.speculation == Speculation::off ? 0 : members * side_by_side;
  const Stage stage = search_.stage();
  std::vector<Guess> guesses;
  // While the search walks on, what it wants is among the likely ones, as certain.
  if (stage != Stage::walking)
    for (const Trial& trial : search_.wanted())
      if (!known_.contains(trial)) guesses.push_back({trial.circuit, 1, no_head, trial.rung});
  if (stage == Stage::walking || stage == Stage::climbing)
    std::ranges::move(likely_trials(most), std::back_inserter(guesses));
  const auto certain = static_cast<std::size_t>(
      std::ranges::count_if(guesses, [](const Guess& guess) { return guess.probability == 1; }));
  std::size_t share = (certain + members - 1) / members;
  if (share <= 1) share = cost_.best_share(guesses, members);
  if (options_.speculation == Speculation::off) share = certain;
  guesses.resize(std::min(share * members, guesses.size()));
  return guesses;
}

/// If the last step is not settled, it will probably stay as it is.
std::vector<Guess> Leader::likely_trials(std::size_t most) const {
  const int rung = search_.start_rung();
  const auto known = [&](const Circuit& circuit) { return known_.contains({circuit, rung}); };
  const bool settled = search_.stage() == Stage::walking;
  if (!settled && options_.speculation == Speculation::off) return {};
  auto guesses = likely_circuits(search_.search(), odds_, most, known);
  for (Guess& guess : guesses) {
    guess.rung = rung;
    if (!settled) guess.probability *= stays_as_it_is;
  }
  return guesses;
}

void Leader::send_wave() {
  wave_began_ = ranks_.seconds();
  const GreedySearch& search = search_.search();
  const int layer = search.next_step() == GreedySearch::Step::decide_head ? search.next_head().layer
                                                                          : search.ranked_next();
  if (layer != layer_) cost_.begin_layer();
  layer_ = layer;

  std::vector<Guess> guesses = choose_trials();
  report_.work.evaluations += std::ssize(guesses);
  shares_.clear();
  for (std::size_t i = 0; i < guesses.size(); ++i)
    shares_[group_[i % group_.size()]].push_back(std::move(guesses[i]));
  wave_ranks_ = group_.size();
  ++wave_;
  ++report_.work.waves;
  wave_compute_seconds_ = 0;
  for (const auto& [rank, guesses_of_rank] : shares_) {
    Share share{family_, {}};
    for (const Guess& guess : guesses_of_rank) share.trials.push_back({guess.circuit, guess.rung});
    ranks_.send(rank, make_message(Topic::share, share));
  }
  sending_seconds_ = ranks_.seconds() - wave_began_;
}

bool Leader::take(const Scored& scored, int from) {
  const auto share = shares_.extract(from);
  assert(!share.empty() && share.mapped().size() == scored.scores.size());
  const std::vector<Guess>& guesses = share.mapped();
  for (std::size_t i = 0; i < guesses.size(); ++i)
    known_[{guesses[i].circuit, guesses[i].rung}] = {
        {scored.scores[i].percent, scored.scores[i].per_prompt, wave_, from, guesses[i].rung, 0},
        guesses[i].head};
  wave_compute_seconds_ += scored.seconds;
  // What is scored on another rung takes another time.
  if (std::ranges::all_of(guesses, [&](const Guess& guess) {
        return guess.head != no_head && guess.rung == search_.start_rung();
      }))
    cost_.observe(guesses.size(), scored.seconds);
  return shares_.empty() && end_wave();
}

bool Leader::end_wave() {
  const double received = ranks_.seconds();
  cost_.end_wave();
  const Circuit kept_before = search_.search().kept();
  const double score_before = search_.search().score_percent();
  advance();
  learn_from_useless(kept_before, score_before);
  discard_useless();

  // A wave occupies the whole group from its first message to its last.
  WorkDone& work = report_.work;
  const double talking = sending_seconds_ + ranks_.seconds() - received,
               all = static_cast<double>(wave_ranks_) * (ranks_.seconds() - wave_began_);
  work.compute_seconds += wave_compute_seconds_;
  work.communication_seconds += talking;
  work.waiting_seconds += std::max(0.0, all - wave_compute_seconds_ - talking);

  // What is reported can be gone on from with the same outcome, and so has no step half settled.
  const Stage stage = search_.stage();
  const bool finished = stage == Stage::finished, settled = stage != Stage::climbing;
  if (finished || (stopping_ && settled)) {
    report(finished ? FamilyProgress::State::finished : FamilyProgress::State::stopped);
    return true;
  }
  if (settled && ranks_.seconds() - reported_ >= report_seconds)
    report(FamilyProgress::State::searching);
  send_wave();
  return false;
}

/// As far down the tree as it is known.
void Leader::advance() {
  search_.advance([&](const Trial& trial) -> const UsedScore* {
    const auto found = known_.find(trial);
    if (found == known_.end()) return nullptr;
    found->second.used = true;
    return &found->second.score;
  });
  const std::size_t first_change = search_.take_first_change();
  first_unreported_ = std::min(first_unreported_, first_change);
  learn_steps(first_change);
}

/// The odds learn from what is newly settled, or from all again if an old step has changed.
void Leader::learn_steps(std::size_t first_change) {
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

/// A score on a branch that was not taken still tells how far the score falls without its head. Of
/// several for a head, that from the least wrong assumptions counts.
void Leader::learn_from_useless(const Circuit& kept_before, double score_before) {
  std::map<std::pair<int, int>, int> least_wrong;
  const GreedySearch& search = search_.search();
  for (const auto& [trial, known] : known_) {
    const auto [layer, head] = known.head;
    const auto& coming = search.coming();
    if (std::ranges::find(coming, known.head) == coming.end()) continue;
    Circuit with = trial.circuit;
    with.keep(layer, head);
    const auto base = known_.find({with, trial.rung});
    if (base == known_.end() && with != kept_before) continue;
    const int wrong = search.disagreements(trial.circuit);
    const auto [at, added] = least_wrong.emplace(std::pair(layer, head), wrong);
    if (!added && at->second <= wrong) continue;
    at->second = wrong;
    const double before = base == known_.end() ? score_before : base->second.score.score_percent;
    odds_.estimate(known.head, before - known.score.score_percent);
  }
}

void Leader::discard_useless() {
  const bool over = search_.stage() == Stage::finished || stopping_;
  const auto wanted = [&](const Trial& trial) {
    return std::ranges::find(search_.wanted(), trial) != search_.wanted().end() ||
           (trial.rung == search_.start_rung() && search_.search().may_want(trial.circuit));
  };
  for (auto at = known_.begin(); at != known_.end();) {
    const bool useless = over || !wanted(at->first);
    if (useless && !at->second.used) ++report_.work.discarded;
    at = useless ? known_.erase(at) : std::next(at);
  }
}

void Leader::report(FamilyProgress::State state) {
  report_.family = family_;
  report_.state = state;
  report_.first_step = first_unreported_;
  const auto& steps = search_.steps();
  report_.steps.assign(steps.begin() + static_cast<std::ptrdiff_t>(first_unreported_), steps.end());
  report_.errors = search_.guards().errors();
  report_.audited = search_.audited();
  ranks_.send(0, make_message(Topic::progress, report_));
  first_unreported_ = steps.size();
  report_ = {};
  reported_ = ranks_.seconds();
}

void Leader::check_patience() const {
  if (ranks_.seconds() - wave_began_ < options_.patience_seconds) return;
  // The own share is no sign of silence: nobody looked at the clock while it was computed.
  const auto silent = std::ranges::find_if(
      shares_, [&](const auto& share) { return share.first != ranks_.rank(); });
  if (silent == shares_.end()) return;
  throw MachineError(
      fmt::format("{} has not answered for {:.0f} s (run.stall_seconds): it hangs, or its share of "
                  "a wave takes "
                  "longer than that",
                  ranks_.name_of(silent->first), options_.patience_seconds));
}

}  // namespace headsweep
