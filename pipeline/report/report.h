// A report of runs: values, and the forms in which a person reads them.
#pragma once

#include <string>
#include <vector>

#include "io/report_data.h"

namespace headsweep {

Report report_of(std::vector<FoundRun> runs, std::vector<FoundComparison> comparisons = {});

/// One HTML file: opens without network, in light and in dark, prints; without JavaScript it shows
/// the table of runs.
std::string html_page(const Report& report);

/// Tables for a terminal or a paper.
std::string markdown_tables(const Report& report);

}  // namespace headsweep
