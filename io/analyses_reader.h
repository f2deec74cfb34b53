// The section `analyses` of a job file.
#pragma once

#include "io/job.h"
#include "io/yaml_node.h"

namespace headsweep {

void read_analyses(const YamlNode& section, Job& job);

}  // namespace headsweep
