// Unicode's composed form (NFC) of a text: "e" with an accent after it becomes one letter.
#pragma once

#include <string>
#include <string_view>

namespace headsweep {

/// `text` must be UTF-8.
std::string composed(std::string_view text);

}  // namespace headsweep
