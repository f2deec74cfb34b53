// The loops in which the ranks work until rank 0 says that all is done.
#pragma once

#include <functional>

#include "pipeline/coordinator.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_order.h"
#include "pipeline/worker.h"

namespace headsweep {

/// Rank 0's loop until all searches have ended; the others stay in theirs. `between` is called
/// after every message, and at least ten times a second.
Outcome search_all(Ranks& ranks, Worker& worker, Coordinator& coordinator,
                   const std::function<void()>& between);

/// Every other rank's loop.
Outcome exchange_messages(Ranks& ranks, Worker& worker);

/// What every other rank does: what it is told, until it is told to quit.
Outcome take_part(Ranks& ranks);

/// Tells the others to leave their loops.
void tell_all_to_quit(Ranks& ranks, Outcome outcome);

/// `work()`; if that finds a mistake of the user's, the others are told, who are in their loops.
template <class Work>
auto telling_all(Ranks& ranks, Work work) {
  try {
    return work();
  } catch (const UserError& error) {
    tell_all_to_quit(ranks, Outcome::refused);
    throw ToldToAll(error.what());
  }
}

}  // namespace headsweep
