// Times each operation of a backend with the shapes that a layer gives it.
#pragma once

#include <vector>

#include "io/kernel_times.h"
#include "kernels/backend.h"
#include "kernels/rung.h"
#include "model/device.h"

namespace headsweep {

struct LayerShape {
  int d_model = 0, d_mlp = 0, heads = 0;
};

/// What the device can do at most.
MachineRates measure_machine_rates(const Device& device);

/// The operations of a backend that computes on the rung.
///
/// The products (attention_input, attention_output, mlp_input, mlp_output) each take their weights
/// from memory, several in turn, as the layers of a model do; the other operations find their rows
/// in the caches, as in a forward pass. Sequences have six rows.
std::vector<OperationTime> time_operations(Backend& backend, Rung rung, const LayerShape& shape,
                                           int rows, const MachineRates& limits);

}  // namespace headsweep
