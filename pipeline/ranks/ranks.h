// The processes that work on a job together, and what travels between them. One of the project's
// two virtual interfaces; one process alone is a case of it (open_ranks.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/ranks/message.h"

namespace headsweep {

/// Where a rank runs.
struct RankPlace {
  std::string host;
  int node = 0;          // ranks of one node can share memory; numbered from 0
  int rank_on_node = 0;  // 0: the node's first
  int cores = 1;         // that it may use, less what others of the node take of them
};

/// Memory that all ranks of a node see; where the system lets processes share none, each has a copy
/// of its own.
struct NodeMemory {
  std::shared_ptr<void> memory;
  bool mine_to_fill = true;  // by this rank: the node's first, or each its own copy
  bool shared = false;
};

class Ranks {
 public:
  virtual ~Ranks() = default;

  virtual int rank() const = 0;
  /// By rank, so the number of ranks is its size.
  virtual const std::vector<RankPlace>& places() const = 0;

  /// Seconds on a clock that only goes forward.
  virtual double seconds() const = 0;

  /// Sends without waiting; to itself, too. Messages from one rank to another keep their order.
  virtual void send(int to, Message message) = 0;

  /// The next message; those of other ranks come before the own. nullopt if none comes in time.
  virtual std::optional<Message> receive(std::chrono::milliseconds most) = 0;

  // All ranks together. They throw MachineError when nothing has moved for `set_patience` seconds.

  virtual void set_patience(double seconds) = 0;
  /// Rank 0's bytes to all; the others' `bytes` are replaced.
  virtual void broadcast(std::vector<std::byte>& bytes) = 0;
  /// Memory of a node: one block, zeros at first, that its ranks share.
  virtual NodeMemory share_on_node(std::int64_t bytes) = 0;
  /// What rank 0 has in its memory, to all memories.
  virtual void broadcast_into(const NodeMemory& memory, std::int64_t bytes) = 0;
  /// Waits until all ranks of the node are here.
  virtual void meet_on_node() = 0;

  /// Ends all ranks with the exit code, at once.
  [[noreturn]] virtual void abort(int exit_code) = 0;

  int size() const { return static_cast<int>(places().size()); }
  const RankPlace& place() const { return places()[static_cast<std::size_t>(rank())]; }
  /// "rank 3 on host n2".
  std::string name_of(int rank) const;
};

}  // namespace headsweep
