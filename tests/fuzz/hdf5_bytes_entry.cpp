// Files of results of any bytes, as a stranger may have made them: libhdf5 may crash on them, but
// not here. The first byte says whether they have a seal that fits.
#include "io/hdf5_seal.h"
#include "io/result_format.h"
#include "io/run_file.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/temporary_folder.h"

namespace headsweep {

void fuzz_hdf5_bytes(std::string_view input) {
  static const TemporaryFolder folder;
  if (input.empty()) return;
  std::string bytes(input.substr(1));
  if (input.front() % 2 == 1) bytes += hdf5::seal_of(bytes);
  const auto file = folder.write("any.h5", bytes);
  is_taken([&] { read_run_file(file); });
  is_taken([&] { result_format(file); });
}

}  // namespace headsweep
