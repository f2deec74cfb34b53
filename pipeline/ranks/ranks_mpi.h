// Ranks over MPI. Its header is included by files named *_mpi only.
#pragma once

#include <deque>
#include <list>
#include <vector>

#include <mpi.h>

#include "pipeline/ranks/ranks.h"

namespace headsweep {

class MpiRanks final : public Ranks {
 public:
  /// Starts MPI, and finds out who is where. Only one may exist in the life of a process.
  MpiRanks();
  /// Ends MPI, together with all others.
  ~MpiRanks() override;
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  int rank() const override { return rank_; }
  const std::vector<RankPlace>& places() const override { return places_; }
  double seconds() const override;
  void send(int to, Message message) override;
  std::optional<Message> receive(std::chrono::milliseconds most) override;
  void set_patience(double seconds) override { patience_seconds_ = seconds; }
  void broadcast(std::vector<std::byte>& bytes) override;
  NodeMemory share_on_node(std::int64_t bytes) override;
  void broadcast_into(const NodeMemory& memory, std::int64_t bytes) override;
  void meet_on_node() override;
  [[noreturn]] void abort(int exit_code) override;

 private:
  /// A message under way: its bytes must stay until MPI has taken them.
  struct Sending {
    std::vector<std::byte> bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  void find_places();
  void part();
  std::optional<Message> probe();
  void forget_sent();
  void wait_for(MPI_Request request, const char* what) const;
  bool all_on_node(bool yes) const;
  void broadcast_pieces(std::byte* bytes, std::int64_t count, MPI_Comm among, const char* what);

  int rank_ = 0;
  MPI_Comm world_ = MPI_COMM_NULL;  // of our own, so that no library's messages mix with ours
  MPI_Comm node_ = MPI_COMM_NULL, firsts_ = MPI_COMM_NULL;  // first ranks of nodes; null elsewhere
  std::vector<RankPlace> places_;
  double patience_seconds_ = 600;
  std::deque<Message> own_;
  std::list<Sending> sending_;
};

}  // namespace headsweep
