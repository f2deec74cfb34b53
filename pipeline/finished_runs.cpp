#include "pipeline/finished_runs.h"

#include <algorithm>
#include <utility>

#include "io/errors.h"
#include "io/printable.h"

namespace headsweep {

void warn_if_contradicted(const FoundRun& run) {
  if (run.record->status == RunStatus::contradicted)
    print_text(stderr,
               "headsweep: {}: an audit contradicted this run; its circuit is not to be trusted\n",
               run.file.string());
}

std::vector<FoundRun> finished_runs(std::vector<FoundRun> runs, const std::string& if_none) {
  if (std::ranges::none_of(runs, is_finished)) throw UserError(if_none);
  std::vector<FoundRun> result;
  for (FoundRun& run : runs) {
    if (is_finished(run)) {
      warn_if_contradicted(run);
      result.push_back(std::move(run));
    } else {
      print_text(stderr, "headsweep: {} is left out: it is {}\n", run.file.string(), run.status);
    }
  }
  return result;
}

}  // namespace headsweep
