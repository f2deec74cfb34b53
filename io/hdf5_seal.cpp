#include "io/hdf5_seal.h"

#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "io/hdf5_file.h"
#include "io/sha256.h"

namespace headsweep::hdf5 {
namespace {

constexpr std::string_view seal_mark = "\nheadsweep sha256 ";
constexpr std::size_t seal_bytes = seal_mark.size() + 64 + 1;

/// Where HDF5 says that its data end (HDF5 file format specification, "Superblock"); nothing of a
/// form that it has had since.
std::optional<std::uint64_t> end_of_data(std::string_view image) {
  constexpr std::array<std::size_t, 4> end_address = {40, 44, 28, 28};  // by version
  constexpr std::size_t bytes = 8;
  if (image.size() < 64) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(image[at]); };
  const std::size_t version = byte(8);
  if (version >= end_address.size() || byte(version < 2 ? 13 : 9) != bytes) return std::nullopt;
  std::uint64_t end = 0;
  for (std::size_t i = bytes; i-- > 0;) end = end << 8 | byte(end_address[version] + i);
  return end;
}

/// What another program has changed ends with its data. Anything behind them is what is left of a
/// seal.
void check_end(std::string_view image) {
  if (const auto end = end_of_data(image); end && *end < image.size())
    throw Failure("its end, where its checksum stands, is damaged");
}

}  // namespace

std::string seal_of(std::string_view image) {
  return fmt::format("{}{}\n", seal_mark, sha256(image));
}

bool take_seal_off(std::string& bytes) {
  if (bytes.size() < seal_bytes) return false;
  const std::string_view all = bytes;
  const std::string_view image = all.substr(0, all.size() - seal_bytes);
  const std::string_view seal = all.substr(image.size());
  if (!seal.starts_with(seal_mark)) {
    check_end(all);
    return false;
  }
  if (seal != seal_of(image)) throw Failure("its bytes do not match the checksum at its end");
  bytes.resize(image.size());
  return true;
}

}  // namespace headsweep::hdf5
