// How a job would lie on so many ranks, how long that would take, and how to ask Slurm for them.
#pragma once

#include <string>
#include <vector>

#include "io/trace_file.h"
#include "pipeline/plan.h"
#include "pipeline/scaling/simulation.h"

namespace headsweep {

/// "4 ranks: 3 families at once, ...".
std::string describe_layout(int ranks, int families, int ranks_per_family);

/// What a rank has for itself.
enum class RankSeat { socket, gpu };

/// What to type. `seconds`: what the job is expected to take; the time limit is twice that, in
/// whole tens of minutes. `cores_per_node`: for ranks on sockets.
std::string sbatch_line(const Job& job, const PlannedRanks& planned, RankSeat seat,
                        int cores_per_node, double seconds);

/// What of a job is not finished.
struct WorkLeft {
  int families = 0;
  SimulatedWork runs;             // each as a family of its own: at most what they take together
  double searches_for_each = 1;   // that one of these runs stands for
  bool share_scores = false;      // most of what they want, since they are resamples
  std::vector<TraceStep> search;  // what is assumed of each
};

/// Loading included.
double expected_seconds(const WorkLeft& left, const ClusterCost& cluster,
                        const PlannedRanks& planned);

/// Prints layout, expected time and, where it is asked for, the line for sbatch.
void print_planned_ranks(const Job& job, const WorkLeft& left, const ClusterCost& cluster,
                         const PlannedRanks& planned, RankSeat seat);

}  // namespace headsweep
