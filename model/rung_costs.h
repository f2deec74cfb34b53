// What computing in each precision costs on this machine.
#pragma once

#include <vector>

#include "io/job.h"
#include "model/device.h"

namespace headsweep {

/// Of an evaluation; fp32's is 1.
struct RungCost {
  Rung rung = Rung::fp32;
  double cost = 1;
};

/// Measures a layer's MLP products, which most of an evaluation's time goes into, for the rows of
/// a usual family, on one thread. A tenth of a second.
std::vector<RungCost> measure_rung_costs(const Device& device);

}  // namespace headsweep
