#include "pipeline/analyses/rank_scoring.h"

#include <cassert>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/coordinator.h"
#include "pipeline/evaluator.h"
#include "pipeline/stop.h"

namespace headsweep {

using namespace std::chrono_literals;

RankScoring::RankScoring(Ranks& ranks, Worker& worker, RankScoringOptions options)
    : ranks_(ranks), worker_(worker), options_(std::move(options)), dealer_(ranks.size()) {}

std::vector<Answer> RankScoring::answer(std::span<const Question> questions) {
  std::vector<Answer> answers(questions.size());
  dealer_.begin(questions);
  // The own piece last: the others are at work by then.
  for (int rank = ranks_.size() - 1; rank >= 0; --rank) send_next(rank, questions);
  while (!under_way_.empty()) {
    const std::optional<Message> message = ranks_.receive(100ms);
    stopping_ = stopping_ || stop_requested();
    const Topic topic = message ? topic_of(*message) : Topic::alive;
    if (topic == Topic::ready) {
      check_same_on_all(from_bytes<Ready>(message->body), options_.same_on_all,
                        ranks_.name_of(message->from));
    } else if (topic == Topic::stop_asked) {
      stopping_ = true;
    } else if (topic == Topic::scored) {
      take(from_bytes<Scored>(message->body), message->from, answers);
      send_next(message->from, questions);
    } else if (message && !is_for_coordinator(*message)) {
      worker_.handle(*message);
    }
    // Rank 0's own messages come last: now those of the others have all been heard.
    if (!message || (topic == Topic::scored && message->from == ranks_.rank())) check_patience();
    say_alive();
  }
  if (stopping_) throw AskedToStop{};
  return answers;
}

void RankScoring::send_next(int rank, std::span<const Question> questions) {
  if (stopping_) return;
  const std::optional<Dealer::Piece> piece = dealer_.next(rank);
  if (!piece) return;
  Share share{piece->family, {}};
  for (const Question& each : questions.subspan(piece->first, piece->size))
    share.trials.push_back({each.circuit, options_.rung});
  under_way_[rank] = {*piece, ranks_.seconds()};
  ranks_.send(rank, make_message(Topic::share, share));
}

void RankScoring::take(const Scored& scored, int from, std::vector<Answer>& answers) {
  const auto under_way = under_way_.extract(from);
  assert(!under_way.empty());
  const Dealer::Piece& piece = under_way.mapped().piece;
  assert(piece.size == scored.scores.size());
  for (std::size_t i = 0; i < piece.size; ++i)
    answers[piece.first + i] = {mean(scored.scores[i].per_prompt), scored.scores[i].full_mean};
  dealer_.took(piece.family, piece.size, scored.seconds);
}

void RankScoring::check_patience() const {
  // The own piece is no sign of silence: nobody looked at the clock while it was computed.
  for (const auto& [rank, work] : under_way_)
    if (rank != ranks_.rank() && ranks_.seconds() - work.since > options_.patience_seconds)
      throw MachineError(
          fmt::format("{} has not answered for {:.0f} s (run.stall_seconds): it hangs, or {} "
                      "circuits take longer than that",
                      ranks_.name_of(rank), options_.patience_seconds, work.piece.size));
}

/// The others wait for rank 0, who may be busy with its own piece or wait for one of them.
void RankScoring::say_alive() {
  if (ranks_.seconds() - last_alive_ < options_.patience_seconds / 4) return;
  last_alive_ = ranks_.seconds();
  for (int rank = 1; rank < ranks_.size(); ++rank) ranks_.send(rank, make_message(Topic::alive));
}

}  // namespace headsweep
