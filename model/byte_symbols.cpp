#include "model/byte_symbols.h"

#include "io/utf8.h"

namespace headsweep {
namespace {

bool is_visible(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<int, 256> symbol_code_points() {
  std::array<int, 256> code_points{};
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte)
    code_points[static_cast<std::size_t>(byte)] = is_visible(byte) ? byte : next++;
  return code_points;
}

/// `code_point` below 0x800: one byte or two.
std::string utf8(int code_point) {
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xC0 | (code_point >> 6)),
          static_cast<char>(0x80 | (code_point & 0x3F))};
}

}  // namespace

std::array<std::string, 256> byte_symbols() {
  std::array<std::string, 256> symbols;
  const auto code_points = symbol_code_points();
  for (std::size_t byte = 0; byte < 256; ++byte) symbols[byte] = utf8(code_points[byte]);
  return symbols;
}

PieceReader::PieceReader() {
  byte_of_.fill(none);
  const auto code_points = symbol_code_points();
  for (int byte = 0; byte < 256; ++byte)
    byte_of_[static_cast<std::size_t>(code_points[static_cast<std::size_t>(byte)])] = byte;
}

std::string PieceReader::bytes(std::string_view piece) const {
  std::string bytes;
  for (std::string_view rest = piece; !rest.empty();) {
    const Utf8Step step = first_utf8(rest);
    if (!step.valid || step.bytes > 2) return std::string(piece);
    const auto first = static_cast<unsigned char>(rest[0]);
    const std::size_t code_point =
        step.bytes == 1 ? first
                        : (first & 0x1Fu) << 6 | (static_cast<unsigned char>(rest[1]) & 0x3Fu);
    if (byte_of_[code_point] == none) return std::string(piece);
    bytes += static_cast<char>(byte_of_[code_point]);
    rest.remove_prefix(step.bytes);
  }
  return bytes;
}

}  // namespace headsweep
