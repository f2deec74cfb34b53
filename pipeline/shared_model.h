// The model on every rank's device, and how the ranks come to it: rank 0 reads the checkpoint, it
// travels to the first rank of each node, and a node's ranks share one copy of it and of the packed
// weights. Weights packed on a GPU travel from rank 0's to the others'.
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/inputs.h"
#include "pipeline/rank_devices.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_order.h"
#include "pipeline/worker.h"

namespace headsweep {

/// The model on each rung of a ladder, and what all ranks have it on.
struct LoadedRungs {
  std::vector<LoadedModel> rungs;
  std::vector<RankDevice> devices;  // by rank
  std::vector<AtOnce> at_once;      // by family: what this rank's memory allows
};

/// All ranks together. Only rank 0 needs the folder.
LoadedRungs load_shared_model(Ranks& ranks, const WorkOrder& order,
                              const std::filesystem::path& folder);

/// How many threads a rank takes if the job does not say (`wanted` is 0): OMP_NUM_THREADS, or its
/// part of the node's cores. A model so small that its products take microseconds gets one.
int threads_per_rank(int wanted, const ModelConfig& config, const Ranks& ranks);

/// The devices of all rungs, in one.
DeviceInfo device_of(const LoadedRungs& loaded);
DeviceInfo in_one(const std::vector<DeviceInfo>& devices);

/// What all ranks must have in common.
Ready about_this_rank(const LoadedRungs& loaded);

/// How a worker scores the order's families with the model; both must outlive it.
WorkerOptions worker_options(const WorkOrder& order, const LoadedRungs& loaded);

/// "cpu x86-64-v4, 2 threads, 4 ranks on 2 nodes".
std::string describe(const Ranks& ranks, const LoadedRungs& loaded);

}  // namespace headsweep
