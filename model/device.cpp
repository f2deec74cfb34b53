#include "model/device.h"

#include "kernels/cpu/cpu_backend.h"

namespace headsweep {

std::unique_ptr<Backend> open_device(DeviceChoice choice, Rung rung, int threads) {
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::make_backend(threads, rung);
}

std::vector<Rung> available_rungs(DeviceChoice choice) {
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::available_rungs();
}

}  // namespace headsweep
