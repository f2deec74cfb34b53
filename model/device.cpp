#include "model/device.h"

#include "kernels/cpu/cpu_backend.h"

namespace headsweep {

std::vector<Rung> available_rungs(DeviceChoice) { return {Rung::fp32, Rung::fp64}; }

std::unique_ptr<Backend> open_device(DeviceChoice choice, Rung, int threads) {
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::make_backend(threads);
}

}  // namespace headsweep
