#include "io/result_format.h"

#include "io/hdf5_attributes.h"
#include "io/hdf5_file.h"

namespace headsweep {

std::string result_format(const std::filesystem::path& path) {
  std::string format;
  hdf5::read_file(path, "the run file", FileOrigin::anywhere,
                  [&](hid_t root) { format = hdf5::format_of(root); });
  return format;
}

}  // namespace headsweep
