// What a machine needs for a search's parts: measured by `headsweep bench cost`, kept as JSON, read
// by `headsweep plan --simulate --cost`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace headsweep {

/// One family on one rank.
struct FamilyCost {
  std::vector<double> evaluation_seconds;  // of one circuit, by the layer of the head that is tried
  int circuits_side_by_side = 1;           // at most
  double further_circuit = 1;   // seconds of a further circuit side by side, relative to one
  double family_seconds = 0;    // means and the full model's score
  double baseline_seconds = 0;  // the full model's score before the first search
};

/// Ranks, and what lies between them. The defaults are those of 10-gigabit Ethernet.
struct ClusterCost {
  double loading_seconds = 0;   // of the model, on one rank
  double checkpoint_bytes = 0;  // which travel to every node
  double broadcast_bytes_per_second = 1e9;
  double message_seconds = 50e-6;   // until a message of a few hundred bytes has arrived
  double handling_seconds = 20e-6;  // of a rank, for each message that it handles
};

struct CostModel {
  std::string backend;  // what it was measured on
  FamilyCost family;
  ClusterCost cluster;
};

/// The JSON object that read_cost() takes, on one line.
std::string to_json(const CostModel& cost);

/// UserError names the file and what is wrong: a name that is missing or unknown, a value of the
/// wrong type, negative, or not finite. The cluster's names may be left out.
CostModel read_cost(const std::filesystem::path& path);

}  // namespace headsweep
