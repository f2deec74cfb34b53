#include "pipeline/message_loop.h"

#include <optional>
#include <utility>

#include "pipeline/shared_model.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

using namespace std::chrono_literals;

}  // namespace

Outcome search_all(Ranks& ranks, Worker& worker, Coordinator& coordinator,
                   const std::function<void()>& between) {
  worker.report_ready();
  do {
    const std::optional<Message> message = ranks.receive(100ms);
    if (stop_requested()) coordinator.stop();
    if (message && is_for_coordinator(*message)) {
      coordinator.handle(*message);
    } else if (message) {
      worker.handle(*message);
    }
    // Rank 0's own messages come last: now those of the others have all been heard.
    if (!message || message->from == 0) {
      worker.check_patience();
      coordinator.keep_watch();
    }
    between();
  } while (!coordinator.done());
  return coordinator.outcome();
}

Outcome exchange_messages(Ranks& ranks, Worker& worker) {
  worker.report_ready();
  bool asked = false;
  while (!worker.outcome()) {
    const std::optional<Message> message = ranks.receive(100ms);
    if (stop_requested() && !std::exchange(asked, true))
      ranks.send(0, make_message(Topic::stop_asked));
    if (message) worker.handle(*message);
    if (!message || message->from == ranks.rank()) worker.check_patience();
  }
  return *worker.outcome();
}

Outcome take_part(Ranks& ranks) {
  const WorkOrder order = receive_order(ranks);
  if (order.refused) return Outcome::refused;
  const LoadedRungs loaded = load_shared_model(ranks, order, "");
  Worker worker(ranks, worker_options(order, loaded));
  return exchange_messages(ranks, worker);
}

void tell_all_to_quit(Ranks& ranks, Outcome outcome) {
  for (int rank = ranks.size() - 1; rank >= 0; --rank)
    ranks.send(rank, make_message(Topic::quit, Quit{outcome}));
}

}  // namespace headsweep
