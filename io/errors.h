// The two kinds of failure that a user can meet; main() turns them into exit codes.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace headsweep {

/// The user's mistake (exit code 2). The message names file, line and key or prompt, and says what
/// to do: "jobs/a.yaml:7: search.treshold: unknown key (did you mean 'threshold'?)".
class UserError : public std::runtime_error {
 public:
  /// What an input put into the message is made presentable(): whoever reads it, a terminal or an
  /// index file, need not trust it.
  explicit UserError(const std::string& message);
};

/// The machine's failure (exit code 1): a full disk, a library that refuses. Says where in the
/// program it was noticed.
class MachineError : public std::runtime_error {
 public:
  explicit MachineError(const std::string& message,
                        std::source_location where = std::source_location::current());
};

}  // namespace headsweep
