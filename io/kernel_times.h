// What `headsweep bench model` measures: each operation in each precision against what the device
// can do at most.
#pragma once

#include <string>
#include <vector>

namespace headsweep {

/// A second; see kernels/cpu/machine_limits.h and GpuLimits (kernels/cuda_plugin.h). 0: the machine
/// has no such instructions.
struct MachineRates {
  double float32_flops = 0, bfloat16_flops = 0, float64_flops = 0, read_bytes = 0;
  double launch_seconds = 0;  // from the start of one operation to that of the next, at least
};

struct OperationTime {
  std::string rung, operation;
  int rows = 0;
  double seconds = 0;
  double flops = 0;           // that were asked for; 0: not what the operation is about
  double bytes = 0;           // that it has to read and write at least, weights included
  double share_of_limit = 0;  // the least time that the machine's limits allow, through `seconds`
};

/// A GPU's attention over sequences of one length, by its own kernel and by the libraries.
struct AttentionTime {
  std::string rung;
  int rows = 0, sequences = 0;  // rows: of each sequence
  double own_seconds = 0, library_seconds = 0;
};

/// Where the libraries begin to be faster, and to be used.
struct AttentionCrossover {
  std::string rung;
  int measured_rows = 0;  // from which length on they were faster; 0: not at the longest
  int used_rows = 0;      // from which on a backend takes them, whatever was measured
};

struct TimedBackend {
  std::string rung, description;
};

struct KernelTimes {
  std::vector<TimedBackend> backends;
  int d_model = 0, d_mlp = 0, heads = 0;
  MachineRates limits;
  std::vector<OperationTime> operations;
  // Empty on a CPU, which has one way for all lengths.
  std::vector<AttentionTime> attention;
  std::vector<AttentionCrossover> crossovers;
};

/// One line.
std::string to_json(const KernelTimes& times);

}  // namespace headsweep
