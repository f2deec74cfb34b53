#include "tests/cuda_emulation/clique.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/cuda_emulation/machine.h"

namespace emulation {
namespace {

constexpr off_t seats_bytes = 1 << 16;
constexpr off_t seat_bytes = 64;

// Before each broadcast's bytes; written after them.
struct Head {
  std::uint64_t complete;
  std::uint64_t bytes;
};

void write_all(int file, const void* data, std::size_t bytes, off_t place) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = pwrite(file, from, bytes, place);
    if (written <= 0) return;
    from += written;
    place += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

bool read_all(int file, void* data, std::size_t bytes, off_t place) {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = pread(file, to, bytes, place);
    if (got <= 0) return false;
    to += got;
    place += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Clique::Clique(std::string path, int ranks, int rank, const std::string& bus_id)
    : path_(std::move(path)), ranks_(ranks), rank_(rank), end_(seats_bytes) {
  file_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (failed()) return;
  own_.ranks = ranks;
  own_.process = getpid();
  std::snprintf(own_.bus_id, sizeof(own_.bus_id), "%s", bus_id.c_str());
  sit(State::joined);
}

Clique::~Clique() {
  if (!failed()) close(file_);
}

Clique::Seat Clique::seat(int rank) const {
  Seat found{};
  read_all(file_, &found, sizeof(found), rank * seat_bytes);
  return found;
}

void Clique::sit(State state) {
  own_.state = state;
  write_all(file_, &own_, sizeof(own_), rank_ * seat_bytes);
}

ncclResult_t Clique::meet() {
  std::vector<Seat> all;
  for (int rank = 0; rank < ranks_; ++rank) all.push_back(seat(rank));
  const auto in_state = [&all](State state) {
    return std::any_of(all.begin(), all.end(),
                       [state](const Seat& each) { return each.state == state; });
  };
  if (in_state(State::away)) {
    if (!in_state(State::aborted)) return ncclInProgress;
    error_ = "a rank has aborted before all had come";
    return ncclRemoteError;
  }
  unlink(path_.c_str());  // everybody has it open
  std::vector<std::string> buses;
  for (const Seat& other : all) {
    if (other.ranks != ranks_) {
      error_ = "the ranks disagree about their number";
      return ncclInvalidArgument;
    }
    const auto same = std::find(buses.begin(), buses.end(), other.bus_id);
    if (same != buses.end()) {
      error_ = "Duplicate GPU detected : rank " + std::to_string(same - buses.begin()) +
               " and rank " + std::to_string(buses.size()) + " both on CUDA device " + other.bus_id;
      return ncclInvalidUsage;
    }
    buses.emplace_back(other.bus_id);
  }
  return ncclSuccess;
}

ncclResult_t Clique::look_at_others() {
  for (int rank = 0; rank < ranks_; ++rank) {
    const Seat other = seat(rank);
    const bool gone = other.state == State::joined && kill(other.process, 0) != 0 && errno == ESRCH;
    if (rank == rank_ || (other.state != State::aborted && !gone)) continue;
    error_ = "rank " + std::to_string(rank) + (gone ? " has ended" : " has aborted");
    return ncclRemoteError;
  }
  return ncclSuccess;
}

void Clique::leave(bool aborted_here) {
  aborted_ = aborted_ || aborted_here;
  sit(aborted_here ? State::aborted : State::left);
  if (aborted_here) unlink(path_.c_str());
}

off_t Clique::next_place(std::size_t bytes) {
  const off_t place = end_;
  end_ +=
      static_cast<off_t>(sizeof(Head) + (bytes + sizeof(Head) - 1) / sizeof(Head) * sizeof(Head));
  return place;
}

void Clique::publish(off_t place, const void* data, std::size_t bytes) {
  write_all(file_, data, bytes, place + static_cast<off_t>(sizeof(Head)));
  const Head head = {1, bytes};
  write_all(file_, &head, sizeof(head), place);
}

bool Clique::receive(off_t place, void* data, std::size_t bytes) {
  Head head{};
  if (!read_all(file_, &head, sizeof(head), place) || head.complete == 0) return false;
  if (head.bytes != bytes) {
    machine().fault("ncclBroadcast: the root sends " + std::to_string(head.bytes) +
                    " bytes, rank " + std::to_string(rank_) + " expects " + std::to_string(bytes));
    machine().lasting_error = cudaErrorIllegalAddress;
    return true;
  }
  return read_all(file_, data, bytes, place + static_cast<off_t>(sizeof(Head)));
}

}  // namespace emulation
