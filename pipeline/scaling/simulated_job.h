// A job on simulated ranks: the coordinator, the workers and their message loops, put together as
// in earnest.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "pipeline/coordinator.h"
#include "pipeline/scaling/simulated_cluster.h"
#include "pipeline/worker.h"

namespace headsweep {

class SimulatedJob {
 public:
  /// `worker_options`: by rank. The cluster must outlive the job.
  SimulatedJob(SimulatedCluster& cluster, CoordinatorOptions coordinator_options,
               const std::function<WorkerOptions(int rank)>& worker_options);

  /// For all ranks; returns the time when the last message was handled.
  double run();

  Coordinator& coordinator() { return coordinator_; }
  Worker& worker(int rank) { return *workers_[static_cast<std::size_t>(rank)]; }

  /// What a rank needs for each message besides scoring.
  double handling_seconds = 0;
  /// Called with every message, before it is handled; optional.
  std::function<void(int rank, const Message&)> watch;

 private:
  void handle(int rank, const Message& message);

  SimulatedCluster& cluster_;
  Coordinator coordinator_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace headsweep
