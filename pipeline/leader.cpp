#include "pipeline/leader.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// Rank 0 hears of many searches: not more often than this from each.
constexpr double report_seconds = 0.2;

using State = SearchProgress::State;
using Stage = LedSearch::Stage;

int waves_before(const LeadRequest& request) {
  int waves = 0;
  for (const SearchRequest& search : request.searches) waves = std::max(waves, search.before.waves);
  return waves;
}

}  // namespace

Leader::Leader(Ranks& ranks, const CertifiedRule& rule, const LeaderOptions& options,
               const LeadRequest& request, const FullModel& full)
    : ranks_(ranks),
      options_(options),
      family_(request.family),
      group_(request.group),
      cost_(options.most_side_by_side),
      wave_(waves_before(request)) {
  for (const SearchRequest& search : request.searches) searches_.emplace_back(rule, search, full);
}

bool Leader::start() {
  reported_ = ranks_.seconds();
  end_searches();
  if (searches_.empty()) return true;
  send_wave();
  return false;
}

void Leader::join(const std::vector<int>& ranks) {
  group_.insert(group_.end(), ranks.begin(), ranks.end());
}

/// Of several searches together, each trial once, the likeliest first.
std::vector<Guess> Leader::guesses_of_all(std::size_t most) const {
  std::vector<Guess> all;
  std::map<Trial, std::size_t> places;
  for (const LedSearch& search : searches_)
    for (Guess& guess : search.guesses(most, known_, options_.speculation)) {
      const auto [place, is_new] = places.emplace(Trial{guess.circuit, guess.rung}, all.size());
      if (is_new) {
        all.push_back(std::move(guess));
      } else if (Guess& other = all[place->second]; other.probability < guess.probability) {
        other = std::move(guess);
      }
    }
  std::ranges::stable_sort(all, std::greater<>(), &Guess::probability);
  return all;
}

/// What the searches need, then the likeliest, in equal shares.
std::vector<Guess> Leader::choose_trials() {
  const auto members = group_.size();
  const auto side_by_side = static_cast<std::size_t>(options_.most_side_by_side);
  std::vector<Guess> guesses =
      guesses_of_all(options_.speculation == Speculation::off ? 0 : members * side_by_side);
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
  const int layer = searches_.front().layer();
  if (layer != layer_) cost_.begin_layer();
  layer_ = layer;

  std::vector<Guess> guesses = choose_trials();
  work_.evaluations += std::ssize(guesses);
  shares_.clear();
  for (std::size_t i = 0; i < guesses.size(); ++i)
    shares_[group_[i % group_.size()]].push_back(std::move(guesses[i]));
  wave_ranks_ = group_.size();
  ++wave_;
  ++work_.waves;
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
        guesses[i].component};
  wave_compute_seconds_ += scored.seconds;
  // What is scored on another rung takes another time.
  const int rung = searches_.front().start_rung();
  if (std::ranges::all_of(guesses, [&](const Guess& guess) {
        return guess.component != no_component && guess.rung == rung;
      }))
    cost_.observe(guesses.size(), scored.seconds);
  return shares_.empty() && end_wave();
}

bool Leader::end_wave() {
  const double received = ranks_.seconds();
  cost_.end_wave();
  for (LedSearch& search : searches_) search.advance(known_);
  discard_useless();

  // A wave occupies the whole group from its first message to its last.
  const double talking = sending_seconds_ + ranks_.seconds() - received,
               all = static_cast<double>(wave_ranks_) * (ranks_.seconds() - wave_began_);
  work_.compute_seconds += wave_compute_seconds_;
  work_.communication_seconds += talking;
  work_.waiting_seconds += std::max(0.0, all - wave_compute_seconds_ - talking);

  end_searches();
  if (searches_.empty()) return true;
  report_what_is_settled();
  send_wave();
  return false;
}

/// Reports and forgets those that are finished, or to be stopped.
void Leader::end_searches() {
  for (auto search = searches_.begin(); search != searches_.end();) {
    const bool finished = search->stage() == Stage::finished;
    if (!finished && !(stopping_ && search->settled())) {
      ++search;
      continue;
    }
    report(*search, finished ? State::finished : State::stopped);
    search = searches_.erase(search);
  }
}

void Leader::report_what_is_settled() {
  if (ranks_.seconds() - reported_ < report_seconds) return;
  for (LedSearch& search : searches_)
    if (search.settled()) report(search, State::searching);
}

void Leader::discard_useless() {
  const auto ends = [&](const LedSearch& search) {
    return search.stage() == Stage::finished || (stopping_ && search.settled());
  };
  for (auto at = known_.begin(); at != known_.end();) {
    const bool useless = std::ranges::none_of(searches_, [&](const LedSearch& search) {
      return !ends(search) && search.may_use(at->first);
    });
    if (useless && !at->second.used) ++work_.discarded;
    at = useless ? known_.erase(at) : std::next(at);
  }
}

/// What was worked is reported once, with whichever search comes first.
void Leader::report(LedSearch& search, State state) {
  SearchProgress progress = search.take_progress(family_, state);
  progress.work = std::exchange(work_, {});
  ranks_.send(0, make_message(Topic::progress, progress));
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
