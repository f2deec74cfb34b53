#include "model/device.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/errors.h"
#include "kernels/cpu/cpu_backend.h"

namespace headsweep {

std::vector<Rung> available_rungs(DeviceChoice choice) {
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::available_rungs();
}

std::unique_ptr<Backend> open_device(DeviceChoice choice, Rung rung, int threads) {
  const std::vector<Rung> rungs = available_rungs(choice);
  if (std::ranges::find(rungs, rung) == rungs.end())
    throw UserError(
        fmt::format("this processor does not compute in {}, which needs AMX or AVX512-BF16: choose "
                    "run.precision: fp32 or fp64, or use nodes of one kind",
                    name_of(rung)));
  switch (choice) {
    case DeviceChoice::automatic:
    case DeviceChoice::cpu:
      break;
  }
  return cpu::make_backend(threads, rung);
}

}  // namespace headsweep
