// Runs in the forms that other programs read; docs/report.md describes each and says where it is
// from.
#pragma once

#include <string>
#include <vector>

#include "io/found_runs.h"

namespace headsweep {

/// A line for each decision of each run (those without a record have none); RFC 4180.
std::string decisions_csv(const std::vector<FoundRun>& runs);

/// What `score --circuit` reads.
std::string circuit_json(const RunRecord& record);

/// A Python dictionary like ARENA's CIRCUIT: {"name": [(layer, head), ...]}.
std::string arena_dictionary(const std::vector<FoundRun>& runs);

/// A graph with a score for each node, as EAP-IG's Graph.from_json and MIB's circuit track read it.
/// UserError if the run does not say how wide the model is.
std::string mib_graph(const FoundRun& run);

/// Graphviz: the kept components, a row for each layer.
std::string circuit_dot(const FoundRun& run);

}  // namespace headsweep
