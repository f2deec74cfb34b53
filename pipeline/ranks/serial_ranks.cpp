#include "pipeline/ranks/serial_ranks.h"

#include <cassert>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "pipeline/clock.h"
#include "pipeline/ranks/cores.h"

namespace headsweep {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

SerialRanks::SerialRanks() {
  const cpu_set_t cores = usable_cores();
  places_.push_back({host_name(), 0, 0, own_cores(cores, {&cores, 1})});
}

double SerialRanks::seconds() const { return monotonic_seconds(); }

void SerialRanks::send([[maybe_unused]] int to, Message message) {
  assert(to == 0);
  message.from = 0;
  messages_.push_back(std::move(message));
}

/// Nobody else can send: there is nothing to wait for.
std::optional<Message> SerialRanks::receive(std::chrono::milliseconds) {
  if (messages_.empty()) return std::nullopt;
  Message next = std::move(messages_.front());
  messages_.pop_front();
  return next;
}

NodeMemory SerialRanks::share_on_node(std::int64_t) { return {}; }

void SerialRanks::abort(int exit_code) { std::_Exit(exit_code); }

}  // namespace headsweep
