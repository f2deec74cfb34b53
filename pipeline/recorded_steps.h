// The steps of a search in its run file's form and in the search's own.
#pragma once

#include <vector>

#include "io/run_components.h"
#include "io/run_record.h"
#include "pipeline/search_step.h"

namespace headsweep {

Component component_of(RunComponent component);
Component component_of(const DecisionRecord& decision);

/// The steps whose decisions and single removals the record holds. UserError unless each follows
/// from those before it by the rule.
std::vector<SearchStep> recorded_steps(const RunRecord& record, const SearchRule& rule);

/// The circuits that the record's decisions were made from, and the one that is left.
struct RecordedCircuits {
  std::vector<Circuit> tried;  // by decision
  Circuit kept;
};
RecordedCircuits recorded_circuits(const RunRecord& record, const SearchRule& rule);

/// The rungs' errors as in Guards; empty if they were not measured.
std::vector<double> recorded_errors(const RunRecord& record);

}  // namespace headsweep
