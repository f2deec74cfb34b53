// The alphabet of tokenizers' files, GPT-2's and GPT-NeoX's: one visible character for each byte.
// Source: bytes_to_unicode() of the released encoder.py.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace headsweep {

/// The character, in UTF-8, that stands for each byte: itself where Latin-1 has a visible
/// character, else the next one from U+0100 on.
std::array<std::string, 256> byte_symbols();

/// The bytes that a piece of a vocabulary stands for. A piece with a character outside the
/// alphabet, such as a token that was added with a space in it, stands for itself.
class PieceReader {
 public:
  PieceReader();
  std::string bytes(std::string_view piece) const;

 private:
  static constexpr int none = -1;
  std::array<int, 0x800> byte_of_;  // by code point
};

}  // namespace headsweep
