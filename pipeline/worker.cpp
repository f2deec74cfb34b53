#include "pipeline/worker.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {

Worker::Worker(Ranks& ranks, WorkerOptions options)
    : ranks_(ranks), options_(std::move(options)), heard_of_rank_0_(ranks.seconds()) {}

void Worker::report_ready() {
  heard_of_rank_0_ = ranks_.seconds();
  ranks_.send(0, make_message(Topic::ready, options_.about_me));
}

void Worker::handle(const Message& message) {
  if (message.from == 0) heard_of_rank_0_ = ranks_.seconds();
  const auto& body = message.body;
  switch (topic_of(message)) {
    case Topic::check_baseline: {
      const int number = from_bytes<FamilyRequest>(body).family;
      close_family();  // two would take twice the memory
      ranks_.send(0, make_message(Topic::baseline, Baseline{number, options_.baseline(number)}));
      break;
    }
    case Topic::lead:
      lead(from_bytes<LeadRequest>(body));
      break;
    case Topic::join:
      // The search may have ended meanwhile; rank 0 then hears of it, and deals out the ranks anew.
      if (const auto request = from_bytes<JoinRequest>(body);
          leader_ && leader_->family() == request.family)
        leader_->join(request.ranks);
      break;
    case Topic::share:
      score(from_bytes<Share>(body), message.from);
      break;
    case Topic::scored:
      take(from_bytes<Scored>(body), message.from);
      break;
    case Topic::stop:
      if (leader_) leader_->stop();
      break;
    case Topic::quit:
      outcome_ = from_bytes<Quit>(body).outcome;
      break;
    default:
      break;
  }
}

const FamilyScorer& Worker::family(int number) {
  if (open_number_ != number) {
    close_family();  // its memory goes before the next one's comes
    open_ = options_.open_family(number);
    open_number_ = number;
  }
  return open_;
}

void Worker::close_family() {
  open_ = {};
  open_number_ = -1;
}

void Worker::lead(const LeadRequest& request) {
  const FamilyScorer& scorer = family(request.family);
  CertifiedRule rule = options_.rule;
  rule.search = for_family(rule.search, scorer.named_positions);
  leader_.emplace(
      ranks_, rule,
      LeaderOptions{options_.speculation, scorer.most_side_by_side, options_.patience_seconds},
      request, full_model(scorer, request.searches));
  if (leader_->start()) leader_.reset();
}

/// As far as the searches need to know it.
FullModel Worker::full_model(const FamilyScorer& scorer,
                             const std::vector<SearchRequest>& searches) const {
  const int top = options_.rule.ladder.top();
  const bool any_begins = std::ranges::any_of(
      searches, [](const SearchRequest& search) { return search.before.nothing(); });
  const bool any_drawn = std::ranges::any_of(
      searches, [](const SearchRequest& search) { return !search.prompts.empty(); });
  FullModel full(static_cast<std::size_t>(top) + 1);
  for (int rung = 0; rung <= top; ++rung)
    if (any_drawn || (any_begins && rung == top))
      full[static_cast<std::size_t>(rung)] = scorer.full_per_prompt(rung);
  return full;
}

void Worker::score(const Share& share, int leader) {
  const double start = ranks_.seconds();
  Scored scored{share.family, scores_of(share), 0};
  scored.seconds = ranks_.seconds() - start;
  ranks_.send(leader, make_message(Topic::scored, scored));
}

/// The trials of a rung together, whose circuits share some of the work.
std::vector<Score> Worker::scores_of(const Share& share) {
  std::map<int, std::vector<std::size_t>> by_rung;
  for (std::size_t i = 0; i < share.trials.size(); ++i) by_rung[share.trials[i].rung].push_back(i);
  std::vector<Score> scores(share.trials.size());
  for (const auto& [rung, trials] : by_rung) {
    std::vector<Circuit> circuits;
    for (const std::size_t i : trials) circuits.push_back(share.trials[i].circuit);
    std::vector<Score> of_rung = family(share.family).score(rung, circuits);
    for (std::size_t i = 0; i < trials.size(); ++i) scores[trials[i]] = std::move(of_rung[i]);
  }
  return scores;
}

void Worker::take(const Scored& scored, int from) {
  if (leader_->take(scored, from)) leader_.reset();
}

void Worker::check_patience() const {
  if (leader_) leader_->check_patience();
  if (ranks_.rank() != 0 && ranks_.seconds() - heard_of_rank_0_ > options_.patience_seconds)
    throw MachineError(fmt::format("{} has not been heard of for {:.0f} s (run.stall_seconds)",
                                   ranks_.name_of(0), options_.patience_seconds));
}

}  // namespace headsweep
