// How this process was started: alone, or as one of several by mpirun or srun.
#pragma once

namespace headsweep {

struct Launch {
  bool under_launcher = false;  // that an MPI library can ask who else there is
  int rank = 0, ranks = 1;      // as the launcher's environment says; 0 of 1 alone
};

/// Reads the environment. UserError if srun has started several processes in a way that leaves MPI
/// unable to bring them together: each would run the whole job.
Launch find_launch();

/// This process's number among those that the launcher has started, whether or not MPI can bring
/// them together; 0 alone.
int launched_rank();

}  // namespace headsweep
