#include "pipeline/leader.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/evaluator.h"

namespace headsweep {
namespace {

/// Rank 0 hears of many searches: not more often than this from each.
constexpr double report_seconds = 0.2;

}  // namespace

Leader::Leader(Ranks& ranks, const SearchRule& rule, const LeaderOptions& options,
               const LeadRequest& request, std::vector<double> full_per_prompt)
    : ranks_(ranks),
      options_(options),
      family_(request.family),
      group_(request.group),
      search_(rule),
      odds_(rule),
      cost_(options.most_side_by_side),
      full_mean_(mean(full_per_prompt)),
      wave_(request.waves) {
  take_up(request);
  report_.full_mean = full_mean_;
  report_.full_per_prompt = std::move(full_per_prompt);
}

/// The decisions that were made are made again from their scores.
void Leader::take_up(const LeadRequest& request) {
  auto ranking = std::span(request.ranking);
  const auto heads = static_cast<std::size_t>(search_.rule().heads);
  for (const double score : request.scores) {
    for (; search_.next_step() == GreedySearch::Step::rank_layer; ranking = ranking.subspan(heads))
      take_ranking(ranking.first(heads));
    odds_.learn(search_.tell(score));
  }
  if (!ranking.empty()) take_ranking(ranking);
}

/// The score without a head alone is a good guess of what it will cost among others.
void Leader::take_ranking(std::span<const double> scores) {
  for (std::size_t head = 0; head < scores.size(); ++head)
    odds_.estimate({search_.ranked_next(), static_cast<int>(head)},
                   search_.score_percent() - scores[head]);
  search_.rank(scores);
}

bool Leader::start() {
  reported_ = ranks_.seconds();
  if (search_.finished()) {
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
std::vector<Guess> Leader::choose_circuits() {
  const auto members = group_.size();
  const auto side_by_side = static_cast<std::size_t>(options_.most_side_by_side);
  const auto known = [&](const Circuit& circuit) { return known_.contains(circuit); };
  const auto most = options_.speculation == Speculation::off ? 0 : members * side_by_side;
  auto guesses = likely_circuits(search_, odds_, most, known);
  const auto certain = static_cast<std::size_t>(
      std::ranges::count_if(guesses, [](const Guess& guess) { return guess.probability == 1; }));
  std::size_t share = (certain + members - 1) / members;
  if (share <= 1) share = cost_.best_share(guesses, members);
  if (options_.speculation == Speculation::off) share = certain;
  guesses.resize(std::min(share * members, guesses.size()));
  return guesses;
}

void Leader::send_wave() {
  wave_began_ = ranks_.seconds();
  const int layer = search_.next_step() == GreedySearch::Step::decide_head
                        ? search_.next_head().layer
                        : search_.ranked_next();
  if (layer != layer_) cost_.begin_layer();
  layer_ = layer;

  std::vector<Guess> guesses = choose_circuits();
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
    for (const Guess& guess : guesses_of_rank) share.circuits.push_back(guess.circuit);
    ranks_.send(rank, make_message(Topic::share, share));
  }
  sending_seconds_ = ranks_.seconds() - wave_began_;
}

bool Leader::take(const Scored& scored, int from) {
  const auto share = shares_.extract(from);
  assert(!share.empty() && share.mapped().size() == scored.per_prompt.size());
  for (std::size_t i = 0; i < share.mapped().size(); ++i)
    known_[share.mapped()[i].circuit] = {scored.per_prompt[i], wave_, from, share.mapped()[i].head};
  wave_compute_seconds_ += scored.seconds;
  cost_.observe(share.mapped().size(), scored.seconds);
  return shares_.empty() && end_wave();
}

bool Leader::end_wave() {
  const double received = ranks_.seconds();
  cost_.end_wave();
  const Circuit kept_before = search_.kept();
  const double score_before = search_.score_percent();
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

  if (search_.finished() || stopping_) {
    report(search_.finished() ? FamilyProgress::State::finished : FamilyProgress::State::stopped);
    return true;
  }
  if (ranks_.seconds() - reported_ >= report_seconds) report(FamilyProgress::State::searching);
  send_wave();
  return false;
}

/// As far down the tree as it is known.
void Leader::advance() {
  bool moving = true;
  while (moving) switch (search_.next_step()) {
      case GreedySearch::Step::decide_head:
        moving = decide();
        break;
      case GreedySearch::Step::rank_layer:
        moving = rank_layer();
        break;
      case GreedySearch::Step::nothing:
        moving = false;
        break;
    }
}

bool Leader::decide() {
  const auto found = known_.find(search_.wanted());
  if (found == known_.end()) return false;
  Known& known = found->second;
  known.used = true;
  const Decision& decision = search_.tell(score_percent(known.per_prompt));
  odds_.learn(decision);
  report_.decisions.push_back({decision.score_percent, known.per_prompt, known.wave, known.rank});
  return true;
}

bool Leader::rank_layer() {
  std::vector<double> scores;
  const auto wanted = search_.wanted_for_ranking();
  for (const Circuit& circuit : wanted) {
    const auto found = known_.find(circuit);
    if (found == known_.end()) return false;
    scores.push_back(score_percent(found->second.per_prompt));
  }
  for (const Circuit& circuit : wanted) known_[circuit].used = true;
  take_ranking(scores);
  report_.ranking.insert(report_.ranking.end(), scores.begin(), scores.end());
  return true;
}

/// A score on a branch that was not taken still tells how far the score falls without its head. Of
/// several for a head, that from the least wrong assumptions counts.
void Leader::learn_from_useless(const Circuit& kept_before, double score_before) {
  std::map<std::pair<int, int>, int> least_wrong;
  for (const auto& [circuit, known] : known_) {
    const auto [layer, head] = known.head;
    const auto& coming = search_.coming();
    if (std::ranges::find(coming, known.head) == coming.end()) continue;
    Circuit with = circuit;
    with.keep(layer, head);
    const auto base = known_.find(with);
    if (base == known_.end() && with != kept_before) continue;
    const int wrong = search_.disagreements(circuit);
    const auto [at, added] = least_wrong.emplace(std::pair(layer, head), wrong);
    if (!added && at->second <= wrong) continue;
    at->second = wrong;
    const double before =
        base == known_.end() ? score_before : score_percent(base->second.per_prompt);
    odds_.estimate(known.head, before - score_percent(known.per_prompt));
  }
}

void Leader::discard_useless() {
  for (auto at = known_.begin(); at != known_.end();) {
    const bool useless = search_.finished() || stopping_ || !search_.may_want(at->first);
    if (useless && !at->second.used) ++report_.work.discarded;
    at = useless ? known_.erase(at) : std::next(at);
  }
}

double Leader::score_percent(const std::vector<double>& per_prompt) const {
  return scored(per_prompt, full_mean_).score_percent;
}

void Leader::report(FamilyProgress::State state) {
  report_.family = family_;
  report_.state = state;
  ranks_.send(0, make_message(Topic::progress, report_));
  report_ = {};
  report_.full_mean = full_mean_;
  reported_ = ranks_.seconds();
}

void Leader::check_patience() const {
  if (shares_.empty() || ranks_.seconds() - wave_began_ < options_.patience_seconds) return;
  throw MachineError(
      fmt::format("{} has not answered for {:.0f} s (run.stall_seconds): it hangs, or its share of "
                  "a wave takes "
                  "longer than that",
                  ranks_.name_of(shares_.begin()->first), options_.patience_seconds));
}

}  // namespace headsweep
