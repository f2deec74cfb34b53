#include "io/export.h"

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/commands.h"
#include "pipeline/finished_runs.h"
#include "pipeline/report/output.h"

namespace headsweep {
namespace {

FoundRun only_one(std::vector<FoundRun> runs) {
  if (runs.size() != 1)
    throw UserError(
        fmt::format("export: this form holds one circuit, and there are {} runs: name one run file",
                    runs.size()));
  const FoundRun& run = runs.front();
  if (!is_finished(run))
    throw UserError(fmt::format("{}: the run is {}, so there is no circuit yet: run the job again",
                                run.file.string(), run.status));
  warn_if_contradicted(run);
  return std::move(runs.front());
}

std::string exported(std::vector<FoundRun> runs, ExportForm form) {
  switch (form) {
    case ExportForm::csv:
      return decisions_csv(runs);
    case ExportForm::arena:
      return arena_dictionary(finished_runs(std::move(runs),
                                            "export: none of the runs is finished, so there is no "
                                            "circuit: run the job again, or export csv"));
    case ExportForm::json:
      return circuit_json(*only_one(std::move(runs)).record);
    case ExportForm::mib:
      return mib_graph(only_one(std::move(runs)));
    case ExportForm::dot:
      break;
  }
  return circuit_dot(only_one(std::move(runs)));
}

}  // namespace

void export_command(const std::vector<std::filesystem::path>& runs, ExportForm form,
                    const std::filesystem::path& output) {
  put_out(exported(find_runs(runs), form), output);
}

}  // namespace headsweep
