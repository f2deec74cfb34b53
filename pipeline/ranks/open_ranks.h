// The ranks that this process belongs to. Which file implements it, and so whether MPI is there, is
// chosen by CMake (HEADSWEEP_MPI).
#pragma once

#include <memory>

#include "pipeline/ranks/launch.h"
#include "pipeline/ranks/ranks.h"

namespace headsweep {

enum class UseMpi { under_a_launcher, always };

/// One process alone does without MPI unless it is asked for. UserError if MPI is needed, and this
/// program was built without it.
std::unique_ptr<Ranks> open_ranks(const Launch& launch, UseMpi use);

/// "Open MPI 4.1.4", or "none".
std::string mpi_description();

}  // namespace headsweep
