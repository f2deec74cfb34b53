// Memory that the ranks of a node share.
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "io/memory_object.h"
#include "pipeline/ranks_mpi.h"

namespace headsweep {
namespace {

/// Where the others find what the node's first rank has made.
struct Offer {
  pid_t process = 0;
  int descriptor = -1;
};

}  // namespace

NodeMemory MpiRanks::share_on_node(std::int64_t bytes) {
  const bool first = place().rank_on_node == 0;
  std::shared_ptr<MemoryObject> object;
  Offer offer;
  if (first) {
    object = std::make_shared<MemoryObject>(MemoryObject::create(bytes));
    offer = {getpid(), object->descriptor()};
  }
  broadcast_pieces(reinterpret_cast<std::byte*>(&offer), sizeof offer, node_, "memory is shared");
  if (!first)
    if (auto attached = MemoryObject::attach(offer.process, offer.descriptor, bytes))
      object = std::make_shared<MemoryObject>(std::move(*attached));
  if (all_on_node(object != nullptr)) return {view(object), first, true};

  if (first)
    fmt::print(
        stderr,
        "host {}: the system lets the ranks share no memory (containers of their own?): each "
        "keeps its own copy of the weights\n",
        place().host);
  if (!first) object = std::make_shared<MemoryObject>(MemoryObject::create(bytes));
  return {view(object), true, false};
}

}  // namespace headsweep
