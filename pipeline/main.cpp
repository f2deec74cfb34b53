// The program: reads the command line, runs the command, turns failures into exit codes.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "headsweep/version.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/wording.h"
#include "pipeline/commands.h"
#include "pipeline/exit_code.h"
#include "pipeline/launch.h"
#include "pipeline/plan.h"
#include "pipeline/run.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

/// What the command line gives, for all commands together.
struct Arguments {
  std::string job, model, text, answer, circuit, family, run_file, decisions;
  std::string processing = "none", precision = "auto";
  Overrides overrides;
  bool json = false, list_decisions = false;
  int threads = 0, families = 1;
  bool without_speculation = false, mpi = false;

  Format format() const { return json ? Format::json : Format::text; }
  UseMpi use_mpi() const { return mpi ? UseMpi::always : UseMpi::under_a_launcher; }
  Job read() const { return read_job(job, overrides); }
};

void add_job(CLI::App& command, Arguments& arguments) {
  command.add_option("JOB", arguments.job, "job file (YAML)")->required();
  command
      .add_option("--set", arguments.overrides,
                  "override a key of the job, as in --set search.threshold=5")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_mpi(CLI::App& command, Arguments& arguments) {
  command.add_flag("--mpi", arguments.mpi, "start MPI also without mpirun or srun");
}

void add_json(CLI::App& command, Arguments& arguments) {
  command.add_flag("--json", arguments.json, "print JSON (forms: io/README.md)");
}

// Each command's options, and what it does when it is chosen.

void add_job_commands(CLI::App& app, Arguments& a, int& exit_code) {
  auto* run = app.add_subcommand("run", "run a job, or go on with what is unfinished of it");
  add_job(*run, a);
  add_mpi(*run, a);
  run->callback([&] {
    watch_for_stop_signals();  // before MPI starts, which takes a while
    exit_code = on_all_ranks(
        a.use_mpi(), [&](Ranks& ranks) { return run_job(ranks, [&] { return a.read(); }); });
  });

  auto* plan =
      app.add_subcommand("plan", "what a job would do: prompts, tokens, memory, work, time");
  add_job(*plan, a);
  plan->callback([&] { plan_job(a.read()); });

  auto* score = app.add_subcommand("score", "the score of a given circuit on a job's family");
  add_job(*score, a);
  score->add_option("--circuit", a.circuit, "circuit file (JSON)")->required();
  score->add_option("--family", a.family, "which of the job's families, where it has several");
  add_json(*score, a);
  score->callback([&] { score_command(a.read(), a.circuit, a.family, a.format()); });
}

void add_model_commands(CLI::App& app, Arguments& a) {
  auto* prompt = app.add_subcommand(
      "prompt", "the next tokens that a model expects, and the rank of an answer");
  prompt->add_option("MODEL", a.model, "checkpoint folder")->required();
  prompt->add_option("TEXT", a.text, "the prompt; <|endoftext|> is put before it")->required();
  prompt->add_option("ANSWER", a.answer, "one token, usually with its leading space: ' 14'")
      ->required();
  prompt->add_option("--processing", a.processing, "how logits are shown (default: none)")
      ->check(CLI::IsMember({"none", "transformer_lens"}));
  add_json(*prompt, a);
  prompt->callback([&] {
    const auto processing =
        a.processing == "none" ? Processing::none : Processing::transformer_lens;
    prompt_command(a.model, a.text, a.answer, processing, a.format());
  });

  auto* model =
      app.add_subcommand("model", "what a checkpoint is, its hash, whether it can be used");
  model->add_option("MODEL", a.model, "checkpoint folder")->required();
  add_json(*model, a);
  model->callback([&] { model_command(a.model, a.format()); });
}

void add_run_file_commands(CLI::App& app, Arguments& a) {
  auto* show = app.add_subcommand("show", "a run file: what was run, the circuit, the decisions");
  show->add_option("RUN", a.run_file, "run file (HDF5)")->required();
  show->add_flag("--decisions", a.list_decisions, "list every decision");
  add_json(*show, a);
  show->callback([&] {
    show_command(a.run_file, a.list_decisions ? Detail::decisions : Detail::summary, a.format());
  });
}

void add_benchmarks(CLI::App& app, Arguments& a, int& exit_code) {
  auto* bench = app.add_subcommand("bench", "measure this machine");
  bench->require_subcommand(1);
  auto* sweep = bench->add_subcommand("sweep", "the seed's search, its decisions forced");
  sweep->add_option("--model", a.model, "checkpoint folder")->required();
  sweep->add_option("--decisions", a.decisions, "trace (CSV: layer, head, score_pct, removed)")
      ->required();
  sweep->add_option("--precision", a.precision, "default: auto")
      ->check(CLI::IsMember({"auto", "fp32"}));
  sweep->add_option("--threads", a.threads, "default: as many as the process may use")
      ->check(CLI::Range(0, 4096));
  add_json(*sweep, a);
  sweep->add_option("--families", a.families, "so many families at once (default: 1)")
      ->check(CLI::Range(1, 1000));
  add_mpi(*sweep, a);
  sweep->add_flag("--no-speculation", a.without_speculation, "score nothing in advance");
  sweep->callback([&] {
    const auto speculation = a.without_speculation ? Speculation::off : Speculation::automatic;
    exit_code = on_all_ranks(a.use_mpi(), [&](Ranks& ranks) {
      return bench_sweep_command(ranks, {a.model, a.decisions, a.threads, a.families, speculation},
                                 a.format());
    });
  });
}

/// CLI11 asks for a command also where one was given that does not exist.
std::string command_problem(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::string advice = fmt::format("use {}", fmt::join(names, ", "));
  const std::vector<std::string> unknown = app.remaining();
  if (unknown.empty()) return "a command is missing: " + advice;
  const auto guess = nearest(unknown.front(), names);
  return fmt::format("{} is no command{}: {}", in_quotes(unknown.front()),
                     guess ? fmt::format(" (did you mean '{}'?)", *guess) : "", advice);
}

/// What is wrong with the command line, and which --help says more.
std::string usage_problem(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<std::string> path;
  const CLI::App* innermost = &app;
  while (!innermost->get_subcommands().empty()) {
    innermost = innermost->get_subcommands().front();
    path.push_back(innermost->get_name());
  }
  const bool takes_command = !innermost->get_subcommands({}).empty();
  const std::string problem = takes_command ? command_problem(*innermost) : error.what();
  const std::string command = fmt::format("{}", fmt::join(path, " "));
  return command.empty()
             ? fmt::format("{}; headsweep --help says more", problem)
             : fmt::format("{0}: {1}; headsweep {0} --help says more", command, problem);
}

/// Under a launcher one process is enough for what the ranks do not share.
void leave_to_rank_0(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    if (command->get_name() != "run" && command->get_name() != "bench") command->callback([] {});
}

int main_checked(int argc, char** argv) {
  CLI::App app(
      "headsweep finds the circuit of attention heads with which a GPT-2 model does a task.\n"
      "Exit codes: 0 done, 1 the machine failed, 2 the user's mistake, 75 stopped on request (run "
      "again).");
  app.name("headsweep");
  app.set_version_flag("--version", std::string(program_version));
  app.require_subcommand(1);
  Arguments arguments;
  int exit_code = done;
  add_job_commands(app, arguments, exit_code);
  add_model_commands(app, arguments);
  add_run_file_commands(app, arguments);
  add_benchmarks(app, arguments, exit_code);
  if (launched_rank() > 0) leave_to_rank_0(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (launched_rank() > 0) return done;  // the same command line is rank 0's, who says it all
    if (error.get_exit_code() == 0) return app.exit(error);
    throw UserError(usage_problem(app, error));
  }
  if (std::fflush(stdout) != 0)
    throw MachineError(fmt::format("the output cannot be written: {}", std::strerror(errno)));
  return exit_code;
}

}  // namespace
}  // namespace headsweep

int main(int argc, char** argv) {
  using namespace headsweep;
  try {
    return main_checked(argc, argv);
  } catch (const UserError&) {
    // The same on all ranks if it comes before they work together.
    return launched_rank() == 0 ? report_failure() : done;
  } catch (...) {
    return report_failure();
  }
}
