// The section `sweep` of a job file: which of all combinations are run.
#pragma once

#include "io/job.h"
#include "io/yaml_node.h"

namespace headsweep {

/// Of a job whose families and search are read. UserError for an entry that is about no run, and if
/// no run is left.
void read_sweep(const YamlNode& sweep, Job& job);

/// UserError if they are more than anybody can want.
void check_number_of_runs(const YamlNode& root, const Job& job);

}  // namespace headsweep
