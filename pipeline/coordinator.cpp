#include "pipeline/coordinator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

constexpr double waits_for_nothing = -1;

/// A leader is silent, too, while it waits for one of its group, whom it can name.
constexpr double leader_speaks_first_seconds = 6;

}  // namespace

void check_same_on_all(const Ready& ready, const Ready& wanted, const std::string& rank) {
  if (ready.device_kind != wanted.device_kind)
    throw UserError(
        fmt::format("{} computes on '{}', rank 0 on '{}': the last bits of a score would depend on "
                    "who computed "
                    "it; use nodes of one kind (srun --constraint), or run.device",
                    rank, ready.device_kind, wanted.device_kind));
  if (ready.program != wanted.program)
    throw UserError(
        fmt::format("{} runs headsweep {}, rank 0 {}: start the same program everywhere", rank,
                    ready.program, wanted.program));
}

Coordinator::Coordinator(Ranks& ranks, CoordinatorOptions options)
    : ranks_(ranks),
      options_(std::move(options)),
      waiting_since_(static_cast<std::size_t>(ranks.size()), ranks.seconds()),
      last_alive_(ranks.seconds()) {}

void Coordinator::handle(const Message& message) {
  switch (topic_of(message)) {
    case Topic::ready:
      take_ready(from_bytes<Ready>(message.body), message.from);
      break;
    case Topic::baseline:
      take_baseline(from_bytes<Baseline>(message.body), message.from);
      break;
    case Topic::progress:
      take_progress(from_bytes<SearchProgress>(message.body));
      break;
    case Topic::stop_asked:
      stop();
      break;
    default:
      return;
  }
  deal();
}

void Coordinator::take_ready(const Ready& ready, int from) {
  check_same_on_all(ready, options_.same_on_all, ranks_.name_of(from));
  waiting_since_[static_cast<std::size_t>(from)] = waits_for_nothing;
  free_.push_back(from);
}

void Coordinator::take_baseline(const Baseline& baseline, int from) {
  waiting_since_[static_cast<std::size_t>(from)] = waits_for_nothing;
  --baselines_under_way_;
  free_.push_back(from);
  const auto family = std::ranges::find(options_.families, baseline.family, &PendingFamily::family);
  std::erase_if(family->searches, [&](const SearchRequest& search) {
    return !options_.check_baseline(baseline, search.run);
  });
}

void Coordinator::take_progress(const SearchProgress& progress) {
  options_.commit(progress);
  const auto group = std::ranges::find(groups_, progress.family, &Group::family);
  group->heard = ranks_.seconds();
  if (progress.state == SearchProgress::State::searching) return;
  stopped_ = stopped_ || progress.state == SearchProgress::State::stopped;
  if (--group->searches > 0) return;
  free_.insert(free_.end(), group->ranks.begin(), group->ranks.end());
  groups_.erase(group);
}

void Coordinator::deal() {
  std::ranges::sort(free_);
  deal_baselines();
  // What is wrong with a family is said before the first search begins, which may take a night.
  const bool all_checked = next_baseline_ == options_.families.size() && baselines_under_way_ == 0;
  if ((!all_checked && !begun_) || stopping_) return;
  if (!std::exchange(begun_, true)) {
    std::erase_if(options_.families,
                  [](const PendingFamily& each) { return each.searches.empty(); });
    next_baseline_ = options_.families.size();
    options_.begin();
  }
  begin_searches();
  if (next_family_ == options_.families.size() && options_.ranks_per_family == 0) send_joiners();
}

std::vector<int> Coordinator::take_free(std::size_t count) {
  const auto end = free_.begin() + static_cast<std::ptrdiff_t>(std::min(count, free_.size()));
  std::vector<int> taken(free_.begin(), end);
  free_.erase(free_.begin(), end);
  return taken;
}

void Coordinator::deal_baselines() {
  while (!stopping_ && !free_.empty() && next_baseline_ < options_.families.size()) {
    const int rank = take_free(1).front();
    waiting_since_[static_cast<std::size_t>(rank)] = ranks_.seconds();
    ++baselines_under_way_;
    const int family = options_.families[next_baseline_++].family;
    ranks_.send(rank, make_message(Topic::check_baseline, FamilyRequest{family}));
  }
}

void Coordinator::begin_searches() {
  const auto wanted =
      static_cast<std::size_t>(std::clamp(options_.ranks_per_family, 1, ranks_.size()));
  while (next_family_ < options_.families.size() && free_.size() >= wanted) {
    const PendingFamily& next = options_.families[next_family_++];
    std::vector<int> ranks = take_free(wanted);
    ranks_.send(ranks.front(),
                make_message(Topic::lead, LeadRequest{next.family, ranks, next.searches}));
    groups_.push_back(
        {next.family, ranks.front(), next.searches.size(), std::move(ranks), ranks_.seconds()});
  }
}

/// Each free rank to the smallest group; one message to each group that grows.
void Coordinator::send_joiners() {
  if (groups_.empty() || free_.empty()) return;
  std::vector<std::vector<int>> joiners(groups_.size());
  for (const int rank : take_free(free_.size())) {
    const auto smallest = std::ranges::min_element(
        groups_, {}, [](const Group& group) { return group.ranks.size(); });
    smallest->ranks.push_back(rank);
    joiners[static_cast<std::size_t>(smallest - groups_.begin())].push_back(rank);
  }
  for (std::size_t i = 0; i < groups_.size(); ++i)
    if (!joiners[i].empty())
      ranks_.send(groups_[i].leader,
                  make_message(Topic::join, JoinRequest{groups_[i].family, joiners[i]}));
}

void Coordinator::stop() {
  if (std::exchange(stopping_, true)) return;
  for (const Group& group : groups_) ranks_.send(group.leader, make_message(Topic::stop));
}

bool Coordinator::done() const {
  const bool nothing_begins = stopping_ || next_family_ == options_.families.size();
  return nothing_begins && groups_.empty() && baselines_under_way_ == 0;
}

Outcome Coordinator::outcome() const {
  return stopped_ || next_family_ < options_.families.size() ? Outcome::stopped : Outcome::done;
}

int Coordinator::ranks_at_work() const {
  std::size_t sum = 0;
  for (const Group& group : groups_) sum += group.ranks.size();
  return static_cast<int>(sum);
}

void Coordinator::keep_watch() {
  const double now = ranks_.seconds(), patience = options_.patience_seconds;
  if (now < watch_again_) return;
  watch_again_ = now + std::min(1.0, patience / 10);
  // This process is not silent towards itself: while it computed, nobody looked at the clock.
  const auto demand = [&](int rank, double since, double most, const char* what) {
    if (rank != ranks_.rank() && since >= 0 && now - since > most)
      throw MachineError(fmt::format("{} has not {} for {:.0f} s (run.stall_seconds)",
                                     ranks_.name_of(rank), what, now - since));
  };
  for (std::size_t rank = 0; rank < waiting_since_.size(); ++rank)
    demand(static_cast<int>(rank), waiting_since_[rank], patience, "answered");
  for (const Group& group : groups_)
    demand(group.leader, group.heard, patience + leader_speaks_first_seconds,
           "reported on the search that it leads");
  if (now - last_alive_ < patience / 4) return;
  last_alive_ = now;
  for (int rank = 1; rank < ranks_.size(); ++rank) ranks_.send(rank, make_message(Topic::alive));
}

}  // namespace headsweep
