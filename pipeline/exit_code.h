// With which exit code the program ends, and what it says before; alone, and as one of several
// ranks.
#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "pipeline/ranks/open_ranks.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

enum ExitCode { done = 0, machine_failed = 1, users_mistake = 2, stopped_on_request = 75 };

struct ExitMeaning {
  ExitCode code;
  std::string_view meaning;
};
inline constexpr std::array exit_meanings = {
    ExitMeaning{done, "done"}, ExitMeaning{machine_failed, "the machine failed"},
    ExitMeaning{users_mistake, "the user's mistake"},
    ExitMeaning{stopped_on_request, "stopped on request (run again)"}};

ExitCode exit_code_of(Outcome outcome);

/// Says on stderr what the exception means that is being handled. Returns its exit code.
int report_failure();

/// Opens the ranks and does `work` on each. If it fails on one of several, all end with one message
/// that names the rank. Returns this rank's exit code.
int on_all_ranks(UseMpi use, const std::function<Outcome(Ranks&)>& work);

}  // namespace headsweep
