// Memory that the ranks of a node share.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "io/memory_object.h"
#include "pipeline/ranks/ranks_mpi.h"

namespace headsweep {
namespace {

/// Where the others find what the node's first rank has made, and how they know that it is that:
/// in a container of its own, another process may have the number.
struct Offer {
  pid_t process = 0;
  int descriptor = -1;
  std::uint64_t token = 0;
};

std::uint64_t& token_of(const MemoryObject& object) {
  return *reinterpret_cast<std::uint64_t*>(object.data());
}

std::int64_t at_least_a_token(std::int64_t bytes) {
  return std::max<std::int64_t>(bytes, sizeof(std::uint64_t));
}

std::uint64_t random_token() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

}  // namespace

NodeMemory MpiRanks::share_on_node(std::int64_t bytes) {
  const bool first = place().rank_on_node == 0;
  std::shared_ptr<MemoryObject> object;
  Offer offer;
  if (first) {
    object = std::make_shared<MemoryObject>(MemoryObject::create(at_least_a_token(bytes)));
    offer = {getpid(), object->descriptor(), random_token()};
    token_of(*object) = offer.token;
  }
  broadcast_pieces(reinterpret_cast<std::byte*>(&offer), sizeof offer, node_, "memory is shared");
  if (!first)
    if (auto attached =
            MemoryObject::attach(offer.process, offer.descriptor, at_least_a_token(bytes));
        attached && token_of(*attached) == offer.token)
      object = std::make_shared<MemoryObject>(std::move(*attached));
  const bool shared = all_on_node(object != nullptr);
  if (first) token_of(*object) = 0;
  meet_on_node();  // else one that is faster would see the token
  if (shared) return {view(object), first, true};

  if (first)
    fmt::print(
        stderr,
        "host {}: the system lets the ranks share no memory (containers of their own?): each "
        "keeps its own copy of the weights\n",
        place().host);
  if (!first)
    object = std::make_shared<MemoryObject>(MemoryObject::create(at_least_a_token(bytes)));
  return {view(object), true, false};
}

}  // namespace headsweep
