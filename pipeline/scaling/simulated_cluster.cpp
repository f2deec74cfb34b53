#include "pipeline/scaling/simulated_cluster.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
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
      cluster_.wake(*this, clock);
    } else {
      cluster_.add_event(clock + cluster_.message_seconds_, to, std::move(message));
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
  bool will_look = false;  // there is an event for it
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
    places_.push_back({fmt::format("n{}", node + 1), node, number % ranks_per_node, 1});
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

void SimulatedCluster::add_event(double time, int rank, std::optional<Message> message) {
  events_.push_back({time, numbers_++, rank, std::move(message)});
  std::ranges::push_heap(events_, std::less<>());
}

SimulatedCluster::Event SimulatedCluster::take_event() {
  std::ranges::pop_heap(events_, std::less<>());
  Event event = std::move(events_.back());
  events_.pop_back();
  return event;
}

/// The rank looks into its queues when it is not busy, at `time` or later.
void SimulatedCluster::wake(Rank& rank, double time) {
  if (!std::exchange(rank.will_look, true))
    add_event(std::max(time, rank.clock), rank.rank(), std::nullopt);
}

/// As in earnest, messages of others come before the own.
void SimulatedCluster::handle_next(Rank& rank, double now) {
  auto& queue = rank.others.empty() ? rank.own : rank.others;
  const Message message = std::move(queue.front());
  queue.pop_front();
  rank.clock = now;
  rank.handler(message);
}

double SimulatedCluster::run() {
  double end = 0;
  while (!events_.empty()) {
    Event event = take_event();
    Rank& rank = *ranks_[static_cast<std::size_t>(event.rank)];
    if (event.message) {
      rank.others.push_back(std::move(*event.message));
      wake(rank, event.time);
      continue;
    }
    rank.will_look = false;
    // Its time may have been spent from outside meanwhile.
    if (rank.clock <= event.time) {
      handle_next(rank, event.time);
      end = std::max(end, rank.clock);
    }
    if (!rank.others.empty() || !rank.own.empty()) wake(rank, rank.clock);
  }
  return end;
}

}  // namespace headsweep
