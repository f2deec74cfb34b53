#include "pipeline/simulated_cluster.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace headsweep {

/// One simulated process. Its clock runs while it handles a message, and else waits for one.
class SimulatedCluster::Rank final : public Ranks {
 public:
  Rank(SimulatedCluster& cluster, int number) : cluster_(cluster), number_(number) {}

  int rank() const override { return number_; }
  const std::vector<RankPlace>& places() const override { return cluster_.places_; }
  double seconds() const override { return clock; }
  void send(int to, Message message) override {
    message.from = number_;
    if (to == number_) {
      own.push_back(std::move(message));
    } else {
      cluster_.deliver(to, clock + cluster_.message_seconds_, std::move(message));
    }
  }
  // Messages are handed out by the cluster; what all ranks do together takes no time here.
  std::optional<Message> receive(std::chrono::milliseconds) override { return std::nullopt; }
  void set_patience(double) override {}
  void broadcast(std::vector<std::byte>&) override {}
  NodeMemory share_on_node(std::int64_t) override { return {}; }
  void broadcast_into(const NodeMemory&, std::int64_t) override {}
  void meet_on_node() override {}
  [[noreturn]] void abort(int exit_code) override { std::exit(exit_code); }

  double clock = 0;
  std::deque<Message> others, own;
  std::function<void(const Message&)> handler;

 private:
  SimulatedCluster& cluster_;
  int number_;
};

SimulatedCluster::SimulatedCluster(int ranks, int ranks_per_node, double message_seconds)
    : message_seconds_(message_seconds) {
  for (int number = 0; number < ranks; ++number) {
    const int node = number / ranks_per_node;
    places_.push_back({fmt::format("n{}", node + 1), node, number % ranks_per_node});
    ranks_.push_back(std::make_unique<Rank>(*this, number));
  }
}

SimulatedCluster::~SimulatedCluster() = default;

Ranks& SimulatedCluster::rank(int number) { return *ranks_[static_cast<std::size_t>(number)]; }

void SimulatedCluster::set_handler(int rank, std::function<void(const Message&)> handler) {
  ranks_[static_cast<std::size_t>(rank)]->handler = std::move(handler);
}

void SimulatedCluster::spend(int rank, double seconds) {
  ranks_[static_cast<std::size_t>(rank)]->clock += seconds;
}

void SimulatedCluster::deliver(int to, double time, Message message) {
  events_.push({time, numbers_++, to, std::move(message)});
}

/// As in earnest, messages of others come before the own. False if there is none.
bool SimulatedCluster::handle_next(Rank& rank, double now) {
  auto& queue = rank.others.empty() ? rank.own : rank.others;
  if (queue.empty()) return false;
  const Message message = std::move(queue.front());
  queue.pop_front();
  rank.clock = std::max(rank.clock, now);
  rank.handler(message);
  return true;
}

double SimulatedCluster::run() {
  constexpr int wake = -1;  // an event without a message: the rank looks into its queues
  double end = 0;
  for (const auto& rank : ranks_) deliver(rank->rank(), rank->clock, {wake, rank->rank(), {}});
  while (!events_.empty()) {
    Event event = events_.top();
    events_.pop();
    Rank& rank = *ranks_[static_cast<std::size_t>(event.rank)];
    if (event.message.topic != wake) rank.others.push_back(std::move(event.message));
    // Busy: it looks again when it is done.
    if (rank.clock > event.time) {
      deliver(event.rank, rank.clock, {wake, event.rank, {}});
    } else if (handle_next(rank, event.time)) {
      end = std::max(end, rank.clock);
      deliver(event.rank, rank.clock, {wake, event.rank, {}});
    }
  }
  return end;
}

}  // namespace headsweep
