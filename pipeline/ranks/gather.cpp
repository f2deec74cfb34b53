#include "pipeline/ranks/gather.h"

#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

using namespace std::chrono_literals;

constexpr int gathered = 1000;  // beyond the topics of what ranks say to each other at work

Message next(Ranks& ranks, double patience_seconds) {
  const double start = ranks.seconds();
  while (ranks.seconds() - start < patience_seconds)
    if (auto message = ranks.receive(100ms)) return std::move(*message);
  throw MachineError(fmt::format(
      "has waited {:.0f} s (run.stall_seconds) for other ranks to say what they compute on",
      patience_seconds));
}

}  // namespace

std::vector<std::vector<std::byte>> gather(Ranks& ranks, std::vector<std::byte> mine,
                                           double patience_seconds) {
  std::vector<std::vector<std::byte>> all(static_cast<std::size_t>(ranks.size()));
  if (ranks.rank() == 0) {
    all.front() = std::move(mine);
    for (int others = 1; others < ranks.size(); ++others) {
      Message message = next(ranks, patience_seconds);
      all[static_cast<std::size_t>(message.from)] = std::move(message.body);
    }
  } else {
    ranks.send(0, {gathered, 0, std::move(mine)});
  }
  for (auto& bytes : all) ranks.broadcast(bytes);
  return all;
}

}  // namespace headsweep
