// How a job would lie on so many ranks, how long that would take, and how to ask Slurm for them.
#pragma once

#include <string>

#include "model/config.h"
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

/// Prints layout, expected time and, where it is asked for, the line for sbatch. `work`: what is
/// not finished.
void print_planned_ranks(const Job& job, const Gpt2Config& config, const ClusterCost& cluster,
                         const SimulatedWork& work, const PlannedRanks& planned, RankSeat seat);

}  // namespace headsweep
