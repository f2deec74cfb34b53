// What `--json` prints of analyses; forms: io/README.md.
#pragma once

#include <string>
#include <vector>

#include "io/analysis_record.h"
#include "io/report_data.h"

namespace headsweep {

/// A run's analyses, and what follows from its own file.
struct AnalysedRun {
  AnalysisRecord record;
  std::vector<RunComponent> kept;
  std::vector<CurvePoint> search;  // after each decision
  double cpr = 0, cmd = 0;
};

std::string knockouts_json(const std::vector<AnalysedRun>& runs);
std::string faithfulness_json(const std::vector<AnalysedRun>& runs);
std::string curves_json(const std::vector<AnalysedRun>& runs);

/// `group`: the compared runs', in the comparison's order; nullptr for one run alone.
std::string to_json(const ComparisonRecord& comparison, const CircuitGroup* group);

}  // namespace headsweep
