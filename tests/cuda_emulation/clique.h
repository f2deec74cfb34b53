// The processes of one emulated NCCL communicator. They meet in a file: a seat for each rank, then
// the broadcasts, one after the other. Only the emulation's own sources include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nccl.h>
#include <sys/types.h>

namespace emulation {

class Clique {
 public:
  // Takes the rank's seat; failed() says if the file is not there.
  Clique(std::string path, int ranks, int rank, const std::string& bus_id);
  ~Clique();
  Clique(const Clique&) = delete;
  Clique& operator=(const Clique&) = delete;

  bool failed() const { return file_ < 0; }
  int ranks() const { return ranks_; }
  int rank() const { return rank_; }
  const std::string& error() const { return error_; }

  // ncclInProgress until every rank has its seat; then ncclSuccess, or why they cannot work
  // together.
  ncclResult_t meet();
  // ncclRemoteError once another rank has aborted or its process has ended without leaving.
  ncclResult_t look_at_others();
  void leave(bool aborted_here);
  bool aborted() const { return aborted_; }

  // Where the next broadcast of so many bytes lies; every rank asks in the same order.
  off_t next_place(std::size_t bytes);
  void publish(off_t place, const void* data, std::size_t bytes);
  // False: not there yet.
  bool receive(off_t place, void* data, std::size_t bytes);

 private:
  enum class State : std::uint32_t { away, joined, aborted, left };
  struct Seat {
    State state;
    std::int32_t ranks;
    std::int32_t process;
    char bus_id[20];
  };

  Seat seat(int rank) const;
  void sit(State state);

  std::string path_;
  int ranks_;
  int rank_;
  Seat own_{};
  int file_ = -1;
  bool aborted_ = false;
  off_t end_;
  std::string error_;
};

}  // namespace emulation
