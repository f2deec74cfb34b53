#include "pipeline/ranks/launch.h"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

std::optional<int> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || number < 0) return std::nullopt;
  return static_cast<int>(number);
}

}  // namespace

Launch find_launch() {
  // OpenMPI's mpirun, then other PMI launchers (mpiexec of MPICH, srun --mpi=pmi2).
  for (const auto& [rank, ranks] : {std::pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
                                    std::pair("PMI_RANK", "PMI_SIZE")})
    if (const auto number = number_in(rank)) return {true, *number, number_in(ranks).value_or(1)};
  // In a batch script itself there is no task of a step; srun sets both for each of its tasks.
  const int tasks = number_in("SLURM_STEP_NUM_TASKS").value_or(1);
  if (const auto number = number_in("PMIX_RANK")) return {true, *number, tasks};
  if (tasks > 1 && number_in("SLURM_PROCID"))
    throw UserError(
        fmt::format("srun has started {} tasks that MPI cannot bring together, and each would run "
                    "the whole job: use srun --mpi=pmix (srun --mpi=list shows what there is)",
                    tasks));
  return {};
}

int launched_rank() {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"})
    if (const auto number = number_in(variable)) return *number;
  const bool task_of_step = number_in("SLURM_STEP_NUM_TASKS").value_or(1) > 1;
  return task_of_step ? number_in("SLURM_PROCID").value_or(0) : 0;
}

}  // namespace headsweep
