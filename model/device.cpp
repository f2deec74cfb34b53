#include "model/device.h"

#include "kernels/cpu/cpu_backend.h"

namespace headsweep {

std::unique_ptr<Backend> open_device(DeviceChoice choice, int threads) {
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::make_backend(threads);
}

}  // namespace headsweep
