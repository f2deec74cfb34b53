#include "pipeline/scaling/simulated_job.h"

#include <utility>

namespace headsweep {

SimulatedJob::SimulatedJob(SimulatedCluster& cluster, CoordinatorOptions coordinator_options,
                           const std::function<WorkerOptions(int rank)>& worker_options)
    : cluster_(cluster), coordinator_(cluster.rank(0), std::move(coordinator_options)) {
  for (int rank = 0; rank < cluster.size(); ++rank) {
    workers_.push_back(std::make_unique<Worker>(cluster.rank(rank), worker_options(rank)));
    cluster.set_handler(rank, [this, rank](const Message& message) { handle(rank, message); });
  }
}

void SimulatedJob::handle(int rank, const Message& message) {
  if (watch) watch(rank, message);
  cluster_.spend(rank, handling_seconds);
  if (is_for_coordinator(message)) {
    coordinator_.handle(message);
  } else {
    worker(rank).handle(message);
  }
}

double SimulatedJob::run() {
  for (const auto& worker : workers_) worker->report_ready();
  return cluster_.run();
}

}  // namespace headsweep
