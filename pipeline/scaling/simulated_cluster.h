// Ranks that exist only in this process, on a clock of their own: the same coordinator, workers and
// leaders as in earnest, but computing and messages take the time that they are said to take. For
// tests, and for reckoning what machines would do that are not here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "pipeline/ranks/ranks.h"

namespace headsweep {

class SimulatedCluster {
 public:
  /// `ranks_per_node` only names the hosts. A message takes `message_seconds` to another rank.
  SimulatedCluster(int ranks, int ranks_per_node, double message_seconds);
  ~SimulatedCluster();
  SimulatedCluster(const SimulatedCluster&) = delete;
  SimulatedCluster& operator=(const SimulatedCluster&) = delete;

  Ranks& rank(int number);
  int size() const { return static_cast<int>(places_.size()); }
  /// What the rank does with a message.
  void set_handler(int rank, std::function<void(const Message&)> handler);
  /// The rank computes for so long; called by its handler.
  void spend(int rank, double seconds);

  /// Delivers messages until there are none. Returns the time when the last was handled.
  double run();

 private:
  class Rank;
  /// A message arrives, or (without one) a rank that was busy looks for its next.
  struct Event {
    double time = 0;
    long long number = 0;  // decides between equal times
    int rank = 0;
    std::optional<Message> message;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };

  void add_event(double time, int rank, std::optional<Message> message);
  Event take_event();
  void wake(Rank& rank, double time);
  void handle_next(Rank& rank, double now);

  double message_seconds_;
  std::vector<RankPlace> places_;
  std::vector<std::unique_ptr<Rank>> ranks_;
  std::vector<Event> events_;  // a heap
  long long numbers_ = 0;
};

}  // namespace headsweep
