// Types and values for HDF5 that the bytes of a fuzzer's input stand for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/hdf5_file.h"
#include "io/hdf5_values.h"

namespace headsweep {

/// The input, byte after byte; zeros behind its end.
class EditBytes {
 public:
  explicit EditBytes(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  unsigned next() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  /// A short text, as long as its first byte says.
  std::string text() {
    const std::size_t size = next() % 32;
    const std::string text(rest_.substr(0, size));
    rest_.remove_prefix(text.size());
    return text;
  }

 private:
  std::string_view rest_;
};

/// One of those that HDF5 knows, those of our files among them.
hdf5::Type type_from(EditBytes& bytes);

/// Of values of the type in the space; the largest number where that is no number.
hsize_t bytes_needed(const hdf5::Type& type, const hdf5::Space& space);

/// Memory for HDF5 to write from; none for types that hold addresses, other than texts.
class ValuesFromBytes {
 public:
  ValuesFromBytes(hid_t type, hssize_t elements, EditBytes& bytes);
  const void* data() const;

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
  std::string plain_;
};

}  // namespace headsweep
