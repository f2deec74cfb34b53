// One rank packs a model's weights, and the others come to them: a node's ranks by sharing memory,
// GPUs by having them sent.
#pragma once

#include <memory>

#include "model/model.h"
#include "pipeline/rank_devices.h"
#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// All ranks together, each with its backend. `packing`: what whoever packs has to do.
std::unique_ptr<Model> share_weights(Ranks& ranks, const std::shared_ptr<StoredWeights>& stored,
                                     Backend& backend, const FoundDevices& devices,
                                     WeightBlock packing, double patience_seconds);

}  // namespace headsweep
