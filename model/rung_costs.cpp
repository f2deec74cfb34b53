#include "model/rung_costs.h"

namespace headsweep {
std::vector<RungCost> measure_rung_costs(DeviceChoice, int) { return {{Rung::fp32, 1}, {Rung::fp64, 2}}; }
}  // namespace headsweep
