// The fuzzer that HEADSWEEP_FUZZER names: libFuzzer's main calls this with one input after the
// other.
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "tests/fuzz/entries.h"

namespace {

const headsweep::FuzzEntry& entry() {
  for (const headsweep::FuzzEntry& each : headsweep::fuzz_entries())
    if (each.name == HEADSWEEP_FUZZER) return each;
  throw std::logic_error("no entry " HEADSWEEP_FUZZER);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const headsweep::FuzzEntry& tried = entry();
  tried.run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
