// Analyses as tables in Markdown. Each is empty where there is nothing to show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/report_data.h"

namespace headsweep {

/// "0.1 (20), 3.2 (18)": what half of `circuits` circuits keep, or more, and how many; the most
/// frequent first.
std::string often_kept(std::vector<std::pair<RunComponent, int>> kept_by, int circuits);

/// Of one run: faithfulness, the strongest knock-outs, the worst subset, what matters least.
std::string analysis_tables(const ReportedRun& reported);

/// Every circuit on every family.
std::string transfer_tables(const Report& report);

/// How often components are kept on resampled prompts.
std::string resamples_table(const Report& report);

}  // namespace headsweep
