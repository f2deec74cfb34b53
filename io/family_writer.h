// Families with every default written out, as YAML that the job reader takes.
#pragma once

#include <string>
#include <vector>

#include "io/family_spec.h"

namespace headsweep {

/// The section `families` of a job. Those of one name are one family with several corruptions.
void append_families(const std::vector<FamilySpec>& families, std::string& yaml);

}  // namespace headsweep
