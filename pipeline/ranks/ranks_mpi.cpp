#include "pipeline/ranks/ranks_mpi.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <source_location>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/ranks/cores.h"
#include "pipeline/ranks/pause.h"
#include "pipeline/ranks/serial_ranks.h"
#include "pipeline/ranks/suspension.h"

namespace headsweep {
namespace {

/// MPI ends the process on errors unless it is told otherwise; we want to say what failed.
void check(int result, std::source_location where = std::source_location::current()) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(result, text, &length);
  throw MachineError(
      fmt::format("MPI failed: {}", std::string_view(text, static_cast<std::size_t>(length))),
      where);
}

MPI_Comm guarded(MPI_Comm communicator) {
  if (communicator != MPI_COMM_NULL) MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
  return communicator;
}

int rank_in(MPI_Comm communicator) {
  int rank = 0;
  check(MPI_Comm_rank(communicator, &rank));
  return rank;
}

int size_of(MPI_Comm communicator) {
  int size = 0;
  check(MPI_Comm_size(communicator, &size));
  return size;
}

}  // namespace

MpiRanks::MpiRanks() {
  watch_for_suspension();
  int provided = 0;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  check(MPI_Comm_dup(MPI_COMM_WORLD, &world_));
  guarded(world_);
  rank_ = rank_in(world_);
  check(MPI_Comm_split_type(world_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node_));
  guarded(node_);
  check(MPI_Comm_split(world_, rank_in(node_) == 0 ? 0 : MPI_UNDEFINED, rank_, &firsts_));
  guarded(firsts_);
  find_places();
}

MpiRanks::~MpiRanks() {
  try {
    part();
  } catch (const std::exception& error) {
    fmt::print(stderr, "headsweep: {}: {}\n", name_of(rank_), error.what());
    abort(1);
  }
  for (MPI_Comm* each : {&firsts_, &node_, &world_})
    if (*each != MPI_COMM_NULL) MPI_Comm_free(each);
  MPI_Finalize();
}

/// Takes from others what nobody wants any more, until all have got rid of their messages: MPI ends
/// only then, and a rank may leave while others are still talking to it.
void MpiRanks::part() {
  const double start = seconds();
  MPI_Request all_here = MPI_REQUEST_NULL;
  bool waiting = false;
  for (Pause pause;; pause.wait()) {
    while (probe()) continue;
    forget_sent();
    if (sending_.empty() && !std::exchange(waiting, true)) check(MPI_Ibarrier(world_, &all_here));
    int done = 0;
    if (waiting) check(MPI_Test(&all_here, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    if (seconds() - start > patience_seconds_)
      throw MachineError(fmt::format(
          "has waited {:.0f} s (run.stall_seconds) for other ranks to end", patience_seconds_));
  }
}

void MpiRanks::find_places() {
  constexpr int name_length = 256;
  struct Entry {
    char host[name_length];
    int node, rank_on_node;
    cpu_set_t cores;
  } mine = {};
  std::strncpy(mine.host, host_name().c_str(), name_length - 1);
  mine.rank_on_node = rank_in(node_);
  mine.cores = usable_cores();
  if (firsts_ != MPI_COMM_NULL) mine.node = rank_in(firsts_);
  check(MPI_Bcast(&mine.node, 1, MPI_INT, 0, node_));
  std::vector<Entry> all(static_cast<std::size_t>(size_of(world_)));
  check(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all.data(), sizeof mine, MPI_BYTE, world_));
  std::map<int, std::vector<cpu_set_t>> cores;  // by node
  for (const Entry& each : all) cores[each.node].push_back(each.cores);
  for (const Entry& each : all)
    places_.push_back(
        {each.host, each.node, each.rank_on_node, own_cores(each.cores, cores[each.node])});
}

double MpiRanks::seconds() const { return seconds_awake(); }

void MpiRanks::send(int to, Message message) {
  message.from = rank_;
  if (to == rank_) {
    own_.push_back(std::move(message));
    return;
  }
  forget_sent();
  Sending& sending = sending_.emplace_back();
  sending.bytes = std::move(message.body);
  check(MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, to,
                  message.topic, world_, &sending.request));
}

void MpiRanks::forget_sent() {
  std::erase_if(sending_, [](Sending& each) {
    int done = 0;
    check(MPI_Test(&each.request, &done, MPI_STATUS_IGNORE));
    return done != 0;
  });
}

std::optional<Message> MpiRanks::probe() {
  int found = 0;
  MPI_Message handle = MPI_MESSAGE_NULL;
  MPI_Status status;
  // Open MPI looks first at what has come already, and then for what is new: the second look sees
  // what has arrived while this rank was computing.
  for (int look = 0; look < 2 && found == 0; ++look)
    check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, world_, &found, &handle, &status));
  if (found == 0) return std::nullopt;
  int bytes = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &bytes));
  Message message{status.MPI_TAG, status.MPI_SOURCE,
                  std::vector<std::byte>(static_cast<std::size_t>(bytes))};
  check(MPI_Mrecv(message.body.data(), bytes, MPI_BYTE, &handle, MPI_STATUS_IGNORE));
  return message;
}

std::optional<Message> MpiRanks::receive(std::chrono::milliseconds most) {
  forget_sent();
  const double until = seconds() + std::chrono::duration<double>(most).count();
  for (Pause pause;; pause.wait()) {
    if (auto message = probe()) return message;
    if (!own_.empty()) {
      Message next = std::move(own_.front());
      own_.pop_front();
      return next;
    }
    if (seconds() >= until) return std::nullopt;
  }
}

/// Waits in a way that leaves the processor to others, and not for ever.
void MpiRanks::wait_for(MPI_Request request, const char* what) const {
  const double start = seconds();
  for (Pause pause;; pause.wait()) {
    int done = 0;
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    if (seconds() - start > patience_seconds_)
      throw MachineError(
          fmt::format("has waited {:.0f} s (run.stall_seconds) for other ranks while {}",
                      patience_seconds_, what));
  }
}

void MpiRanks::broadcast_pieces(std::byte* bytes, std::int64_t count, MPI_Comm among,
                                const char* what) {
  constexpr std::int64_t piece = std::int64_t{64} << 20;
  for (std::int64_t first = 0; first < count; first += piece) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ibcast(bytes + first, static_cast<int>(std::min(piece, count - first)), MPI_BYTE, 0,
                     among, &request));
    wait_for(request, what);
  }
}

void MpiRanks::broadcast(std::vector<std::byte>& bytes) {
  std::uint64_t size = bytes.size();
  broadcast_pieces(reinterpret_cast<std::byte*>(&size), sizeof size, world_, "the job is shared");
  bytes.resize(size);
  broadcast_pieces(bytes.data(), static_cast<std::int64_t>(size), world_, "the job is shared");
}

void MpiRanks::broadcast_into(const NodeMemory& memory, std::int64_t bytes) {
  auto* const data = static_cast<std::byte*>(memory.memory.get());
  if (firsts_ != MPI_COMM_NULL && size_of(firsts_) > 1)
    broadcast_pieces(data, bytes, firsts_, "the checkpoint is shared");
  if (!memory.shared) broadcast_pieces(data, bytes, node_, "the checkpoint is shared");
}

bool MpiRanks::all_on_node(bool yes) const {
  int mine = yes ? 1 : 0, all = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Iallreduce(&mine, &all, 1, MPI_INT, MPI_MIN, node_, &request));
  wait_for(request, "memory is shared");
  return all == 1;
}

void MpiRanks::meet_on_node() {
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Ibarrier(node_, &request));
  wait_for(request, "a node's ranks meet");
}

void MpiRanks::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace headsweep
