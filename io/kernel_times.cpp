#include "io/kernel_times.h"

#include <nlohmann/json.hpp>

namespace headsweep {

std::string to_json(const KernelTimes& times) {
  using Json = nlohmann::ordered_json;
  Json operations = Json::array();
  for (const OperationTime& each : times.operations)
    operations.push_back({{"rung", each.rung},
                          {"operation", each.operation},
                          {"rows", each.rows},
                          {"seconds", each.seconds},
                          {"flops", each.flops},
                          {"bytes", each.bytes},
                          {"share_of_limit", each.share_of_limit}});
  Json backends = Json::object();
  for (const TimedBackend& each : times.backends) backends[each.rung] = each.description;
  Json result = {{"backends", std::move(backends)},
                 {"d_model", times.d_model},
                 {"d_mlp", times.d_mlp},
                 {"heads", times.heads},
                 {"limits",
                  {{"float32_flops", times.limits.float32_flops},
                   {"bfloat16_flops", times.limits.bfloat16_flops},
                   {"float64_flops", times.limits.float64_flops},
                   {"read_bytes", times.limits.read_bytes},
                   {"launch_seconds", times.limits.launch_seconds}}},
                 {"operations", std::move(operations)}};
  if (times.attention.empty()) return result.dump();
  for (const AttentionTime& each : times.attention)
    result["attention"].push_back({{"rung", each.rung},
                                   {"rows", each.rows},
                                   {"sequences", each.sequences},
                                   {"own_seconds", each.own_seconds},
                                   {"library_seconds", each.library_seconds}});
  for (const AttentionCrossover& each : times.crossovers)
    result["attention_crossover"].push_back({{"rung", each.rung},
                                             {"measured_rows", each.measured_rows},
                                             {"used_rows", each.used_rows}});
  return result.dump();
}

}  // namespace headsweep
