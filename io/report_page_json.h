// Pieces of the page's data that several of its parts are made of.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "io/report_data.h"

namespace headsweep::page {

using Json = nlohmann::ordered_json;

/// With as many digits as anyone looks at: a third of what reads back to the same bits.
double rounded(double value);
Json rounded(const std::vector<double>& values);

/// [[name, value]]
Json pairs(const NamedValues& values);

/// [layer, head, position]
Json component(RunComponent component);

Json analysis(const AnalysisRecord& record, const AnalysisFigures& figures);
Json comparison(const FoundComparison& found);
Json resamples(const ResampleGroup& group);

}  // namespace headsweep::page
