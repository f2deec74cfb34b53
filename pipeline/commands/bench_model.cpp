#include <fmt/format.h>

#include "io/errors.h"
#include "model/attention_benchmark.h"
#include "model/config.h"
#include "model/device.h"
#include "model/kernel_benchmark.h"
#include "pipeline/commands.h"

namespace headsweep {
namespace {

LayerShape layer_shape(const ModelBenchmark& benchmark) {
  if (!benchmark.model.empty()) {
    const ModelConfig config = read_config(benchmark.model);
    return {config.d_model, config.d_mlp, config.heads};
  }
  const auto& [d_model, d_mlp, heads] = benchmark.model_shape;
  if (d_model % heads != 0)
    throw UserError(fmt::format(
        "bench model: --model-shape {},{},{}: d_model is no multiple of the number of heads; "
        "give d_model,d_mlp,heads, as in 1024,4096,16",
        d_model, d_mlp, heads));
  return {d_model, d_mlp, heads};
}

void print(const OperationTime& time) {
  const double rate = (time.flops > 0 ? time.flops : time.bytes) / time.seconds / 1e9;
  fmt::print("{:>5}  {:<6}  {:<17} {:>10.4f} {:>7.1f} {:<8} {:>6.0f} %\n", time.rows, time.rung,
             time.operation, 1e3 * time.seconds, rate, time.flops > 0 ? "GFLOP/s" : "GB/s",
             100 * time.share_of_limit);
}

void print_attention(const KernelTimes& times) {
  fmt::print("\nattention by the own kernel, and by cuBLASLt and cuDNN:\n\n");
  fmt::print("{:>5} {:>9}  {:<6} {:>10} {:>13} {:>16}\n", "rows", "sequences", "", "own, ms",
             "libraries, ms", "own / libraries");
  for (const AttentionTime& each : times.attention)
    fmt::print("{:>5} {:>9}  {:<6} {:>10.4f} {:>13.4f} {:>16.2f}\n", each.rows, each.sequences,
               each.rung, 1e3 * each.own_seconds, 1e3 * each.library_seconds,
               each.own_seconds / each.library_seconds);
  fmt::print("\n");
  for (const AttentionCrossover& each : times.crossovers)
    fmt::print("{}: the libraries are {}; they are taken from {} rows on\n", each.rung,
               each.measured_rows == 0 ? "not faster even for the longest"
                                       : fmt::format("faster from {} rows on", each.measured_rows),
               each.used_rows);
}

void print(const KernelTimes& times) {
  for (const TimedBackend& each : times.backends)
    fmt::print("{:<6}  {}\n", each.rung, each.description);
  fmt::print("d_model {}, d_mlp {}, {} heads\n", times.d_model, times.d_mlp, times.heads);
  const MachineRates& limits = times.limits;
  fmt::print("the device's limits: float32 {:.0f} GFLOP/s", limits.float32_flops / 1e9);
  if (limits.bfloat16_flops > 0) fmt::print(", bfloat16 {:.0f}", limits.bfloat16_flops / 1e9);
  fmt::print(", float64 {:.0f}; memory {:.1f} GB/s", limits.float64_flops / 1e9,
             limits.read_bytes / 1e9);
  if (limits.launch_seconds > 0)
    fmt::print("; {:.2f} us from one operation to the next", 1e6 * limits.launch_seconds);
  fmt::print("\n");
  fmt::print("\n{:>5}  {:<6}  {:<17} {:>10} {:>7} {:<8} {:>8}\n", "rows", "", "operation", "ms",
             "rate", "", "of limit");
  for (const OperationTime& time : times.operations) print(time);
  fmt::print(
      "\nThe limit of a product is the time of its arithmetic or of reading its weight, whichever "
      "is longer\n(bfloat16 tiles, AMX, may pass that of vectors); of the others, the time of "
      "memory: "
      "what they find in\ncaches may be faster than 100 %.\n");
  if (!times.attention.empty()) print_attention(times);
}

}  // namespace

void bench_model_command(const ModelBenchmark& benchmark, Format format) {
  const LayerShape shape = layer_shape(benchmark);
  KernelTimes times{{}, shape.d_model, shape.d_mlp, shape.heads, {}, {}, {}, {}};
  const Device device = find_device({benchmark.device, benchmark.threads});
  times.limits = measure_machine_rates(device);
  for (const Rung rung : available_rungs(device)) {
    const auto backend = open_device(device, rung);
    times.backends.push_back({name_of(rung), backend->info().description});
    for (const int rows : benchmark.rows)
      for (OperationTime& time : time_operations(*backend, rung, shape, rows, times.limits))
        times.operations.push_back(std::move(time));
    // The cheaper rungs have fp32's attention.
    if (device.gpu && (rung == Rung::fp32 || rung == Rung::fp64)) {
      const auto attention = time_attention(*device.gpu, rung, shape);
      times.attention.insert(times.attention.end(), attention.begin(), attention.end());
      times.crossovers.push_back(
          {name_of(rung), measured_crossover(attention), backend->info().long_rows});
    }
  }
  if (format == Format::json) {
    fmt::print("{}\n", to_json(times));
  } else {
    print(times);
  }
}

}  // namespace headsweep
