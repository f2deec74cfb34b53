// How messages to the user count, quote what he wrote, and guess what he meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headsweep {

/// "1 family", "2 families".
std::string counted(std::int64_t count, const char* one, const char* several);

/// The text as one printable() line (io/printable.h); of a very long one the middle is left out.
/// The end stays: there messages say what to do.
std::string presentable(std::string_view text);

/// The text in single quotes, on one line: control characters escaped, the end left out where it is
/// long.
std::string in_quotes(std::string_view text);

/// The candidate that `word` is most likely a misspelling of; nullopt if none is near.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace headsweep
