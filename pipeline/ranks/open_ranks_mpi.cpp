// For a build with MPI.
#include <memory>
#include <string>

#include "pipeline/ranks/open_ranks.h"
#include "pipeline/ranks/ranks_mpi.h"
#include "pipeline/ranks/serial_ranks.h"

namespace headsweep {

std::unique_ptr<Ranks> open_ranks(const Launch& launch, UseMpi use) {
  if (launch.under_launcher || use == UseMpi::always) return std::make_unique<MpiRanks>();
  return std::make_unique<SerialRanks>();
}

std::string mpi_description() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string all(text, static_cast<std::size_t>(length));
  return all.substr(0, all.find(','));
}

}  // namespace headsweep
