#include "pipeline/report/report.h"

#include <utility>

#include "io/errors.h"
#include "pipeline/commands.h"
#include "pipeline/report/output.h"

namespace headsweep {

void report_command(const std::vector<std::filesystem::path>& runs, ReportForm form,
                    const std::filesystem::path& output) {
  if (form == ReportForm::html && output.empty())
    throw UserError(
        "report: a page is not for the terminal: name a file with -o report.html, or use --format "
        "md");
  std::vector<FoundRun> found = find_runs(runs);
  std::vector<FoundComparison> comparisons = find_comparisons(runs, found);
  const Report report = report_of(std::move(found), std::move(comparisons));
  put_out(form == ReportForm::html ? html_page(report) : markdown_tables(report), output);
}

}  // namespace headsweep
