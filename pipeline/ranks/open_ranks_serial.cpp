// For a build without MPI.
#include <memory>

#include "io/errors.h"
#include "pipeline/ranks/open_ranks.h"
#include "pipeline/ranks/serial_ranks.h"

namespace headsweep {

std::unique_ptr<Ranks> open_ranks(const Launch& launch, UseMpi use) {
  if (launch.ranks > 1 || use == UseMpi::always)
    throw UserError(
        "this headsweep was built without MPI and can only run alone: build it with "
        "-DHEADSWEEP_MPI=ON, or start it without mpirun and srun");
  return std::make_unique<SerialRanks>();
}

std::string mpi_description() { return "none"; }

}  // namespace headsweep
