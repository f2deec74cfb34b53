#include "pipeline/exit_code.h"

#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/printable.h"
#include "pipeline/ranks/launch.h"
#include "pipeline/work_order.h"

namespace headsweep {
namespace {

struct Failure {
  ExitCode code;
  std::string message;
};

/// Other errors of a path are of what was named: a loop of links, a folder that may not be read.
bool is_of_the_disk(const std::error_code& error) {
  return error == std::errc::io_error || error == std::errc::no_space_on_device ||
         error == std::errc::too_many_files_open || error == std::errc::read_only_file_system;
}

/// What the exception that is being handled means to the user.
Failure failure() {
  try {
    throw;
  } catch (const UserError& error) {
    return {users_mistake, error.what()};
  } catch (const std::bad_alloc&) {
    return {machine_failed, "out of memory: use a machine with more, or fewer prompts"};
  } catch (const std::filesystem::filesystem_error& error) {
    return {is_of_the_disk(error.code()) ? machine_failed : users_mistake,
            fmt::format("{}: {}", error.path1().string(), error.code().message())};
  } catch (const std::exception& error) {
    return {machine_failed, error.what()};
  }
}

}  // namespace

ExitCode exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return done;
    case Outcome::stopped:
      return stopped_on_request;
    case Outcome::refused:
      return users_mistake;
    case Outcome::contradicted:
    case Outcome::failed:
      return machine_failed;
  }
  return machine_failed;
}

int report_failure() {
  const auto [code, message] = failure();
  print_text(stderr, "headsweep: {}\n", printable(message, LineEnds::escaped));
  return code;
}

int on_all_ranks(UseMpi use, const std::function<Outcome(Ranks&)>& work) {
  const auto ranks = open_ranks(find_launch(), use);
  try {
    const Outcome outcome = work(*ranks);
    // Rank 0 gives the exit code for all: a launcher kills the others as soon as one ends with
    // another than 0, and rank 0 may have something to say yet.
    return ranks->rank() == 0 ? exit_code_of(outcome) : done;
  } catch (const ToldToAll&) {
    return ranks->rank() == 0 ? report_failure() : done;
  } catch (...) {
    if (ranks->size() == 1) throw;
    // The others would wait for this rank in vain.
    const auto [code, message] = failure();
    print_text(stderr, "headsweep: {}: {}\n", ranks->name_of(ranks->rank()),
               printable(message, LineEnds::escaped));
    ranks->abort(code);
    return code;  // for g++ 12, which forgets that a virtual function does not return
  }
}

}  // namespace headsweep
