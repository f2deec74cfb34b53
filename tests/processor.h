// The processor as a device, for a test alone.
#pragma once

#include <memory>

#include "model/device.h"

namespace headsweep {

/// `threads` 0: as many as the process may use.
inline std::unique_ptr<Backend> open_processor(Rung rung, int threads) {
  return open_device(find_device({DeviceChoice::cpu, threads}), rung);
}

}  // namespace headsweep
