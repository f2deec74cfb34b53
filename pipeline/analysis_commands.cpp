#include "io/job_limits.h"
#include "pipeline/command_options.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

void add_runs_to_analyse(CLI::App& command, Arguments& a) {
  AnalysisRequest& request = a.analysis;
  command
      .add_option("RUN", request.runs, "finished runs of one model: files, index.h5, or folders")
      ->required();
  command.add_option("--model", request.model,
                     "checkpoint folder (default: where the runs had it)");
  command.add_option("--precision", request.precision, "default: fp32")
      ->transform(one_of({Precision::bf16, Precision::bf16x3, Precision::fp32, Precision::fp64}));
  add_threads(command, request.threads, "as many as pay");
  add_device(command, a);
  add_json(command, a);
  add_mpi(command, a);
}

void add_draws(CLI::App& command, SubsetDraws& draws) {
  const auto add = [&](const char* name, int& count, const char* what) {
    command.add_option(name, count, what)->check(CLI::Range(0, most_draws));
  };
  add("--random", draws.random, "random subsets of the circuit (default: 10)");
  add("--restarts", draws.restarts, "greedy searches for the worst subset (default: 10)");
  add("--iterations", draws.iterations, "of each (default: 10)");
  add("--candidates", draws.candidates, "components that an iteration looks at (default: 10)");
  command.add_option("--seed", draws.seed, "of what is drawn (default: 0)");
}

void run_when_chosen(CLI::App& command, Arguments& a, Analysis analysis, int& exit_code) {
  command.callback([&a, analysis, &exit_code] {
    watch_for_stop_signals();  // before MPI starts, which takes a while
    a.analysis.device = a.device;
    exit_code = on_all_ranks(a.use_mpi(), [&](Ranks& ranks) {
      return analysis_command(ranks, analysis, a.analysis, a.format());
    });
  });
}

}  // namespace

void add_analyses(CLI::App& app, Arguments& a, int& exit_code) {
  auto* knockout =
      app.add_subcommand("knockout", "each component alone removed, and each alone kept");
  auto* faithfulness = app.add_subcommand(
      "faithfulness", "whether circuits are faithful, complete and minimal (IOI paper)");
  auto* curve = app.add_subcommand(
      "curve", "faithfulness of the best components by size, CPR and CMD (MIB); scores by size");
  auto* compare = app.add_subcommand(
      "compare", "what circuits have in common, and every circuit on every family");
  add_draws(*faithfulness, a.analysis.draws);
  compare->add_option("-o,--output", a.analysis.comparison,
                      "where the comparison is kept (default: comparison.h5 beside the runs)");
  const auto add = [&](CLI::App& command, Analysis analysis) {
    add_runs_to_analyse(command, a);
    run_when_chosen(command, a, analysis, exit_code);
  };
  add(*knockout, Analysis::knockout);
  add(*faithfulness, Analysis::faithfulness);
  add(*curve, Analysis::curve);
  add(*compare, Analysis::compare);
}

}  // namespace headsweep
