// What is expected of whoever reads an input that nobody vouches for.
#pragma once

#include <stdexcept>
#include <string_view>

#include "io/errors.h"
#include "io/wording.h"

namespace headsweep {

/// A finding: thrown out of the fuzzer, or out of the test.
inline void expect(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Whether `read` takes its input. It may refuse by a UserError, whose message must say something,
/// on one line of valid text that is not endless. Any other exception is a finding.
template <class Read>
bool is_taken(Read read) {
  constexpr std::size_t longest_message = 2000;
  try {
    read();
    return true;
  } catch (const UserError& error) {
    const std::string_view message = error.what();
    expect(message.size() > 10, "a message that says nothing");
    expect(message.size() <= longest_message, "a message that is too long");
    expect(message == presentable(message), "a message that is not plain text");
    return false;
  }
}

}  // namespace headsweep
