// How often each component is in the circuits that were found on drawn prompts.
#pragma once

#include <string>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

struct SelectionFrequency {
  int layer = 0, head = 0;  // no_head: the MLP
  int kept = 0;             // runs that keep it, at some position at least

  bool operator==(const SelectionFrequency&) const = default;
};

/// Of the components that at least half of the runs keep, the most frequent first, equal ones from
/// the last layer to the first. The runs differ in their prompts alone.
std::vector<SelectionFrequency> often_kept(const std::vector<const RunRecord*>& runs);

/// As a table; `name` is the run's that they belong to.
std::string selection_table(const std::string& name, const std::vector<const RunRecord*>& runs);

}  // namespace headsweep
