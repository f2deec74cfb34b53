#include "pipeline/command_options.h"

#include <fmt/format.h>

#include "io/job_limits.h"

namespace headsweep {

void add_mpi(CLI::App& command, Arguments& arguments) {
  command.add_flag("--mpi", arguments.mpi, "start MPI also without mpirun or srun");
}

void add_json(CLI::App& command, Arguments& arguments) {
  command.add_flag("--json", arguments.json, "print JSON (forms: io/README.md)");
}

void add_device(CLI::App& command, Arguments& a) {
  command.add_option("--device", a.device, "cpu, cuda, or auto (default)")
      ->transform(one_of({DeviceChoice::automatic, DeviceChoice::cpu, DeviceChoice::cuda}));
}

void add_threads(CLI::App& command, int& threads, const char* otherwise) {
  command.add_option("--threads", threads, fmt::format("default: {}", otherwise))
      ->check(CLI::Range(0, most_threads));
}

}  // namespace headsweep
