// The program: reads the command line, runs the command, turns failures into exit codes.
#include <set>

#include "headsweep/version.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/mapped_file.h"
#include "io/wording.h"
#include "pipeline/command_line.h"
#include "pipeline/exit_code.h"
#include "pipeline/output_streams.h"
#include "pipeline/ranks/launch.h"
#include "pipeline/stop.h"

namespace headsweep {
namespace {

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
  const std::set<std::string> shared = {"run",   "bench",        "knockout",
                                        "curve", "faithfulness", "compare"};
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    if (!shared.contains(command->get_name())) command->callback([] {});
}

std::string exit_codes() {
  std::vector<std::string> codes;
  for (const auto& [code, meaning] : exit_meanings)
    codes.push_back(fmt::format("{} {}", static_cast<int>(code), meaning));
  return fmt::format("Exit codes: {}.", fmt::join(codes, ", "));
}

int main_checked(int argc, char** argv) {
  CLI::App app(
      "headsweep finds the circuit of attention heads with which a GPT-2 or Pythia model does a "
      "task.\n" +
      exit_codes());
  app.name("headsweep");
  app.set_version_flag("--version", std::string(program_version));
  app.require_subcommand(1);
  Arguments arguments;
  int exit_code = done;
  add_commands(app, arguments, exit_code);
  if (launched_rank() > 0) leave_to_rank_0(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (launched_rank() > 0) return done;  // the same command line is rank 0's, who says it all
    if (error.get_exit_code() == 0) return app.exit(error);
    throw UserError(usage_problem(app, error));
  }
  // A job that was stopped is to be run again, whoever has read what it said.
  if (const std::string why = why_output_was_lost(); exit_code == done && !why.empty())
    throw MachineError(fmt::format("the output cannot be written: {}", why));
  return exit_code;
}

}  // namespace
}  // namespace headsweep

int main(int argc, char** argv) {
  using namespace headsweep;
  print_come_what_may();
  be_told_of_refused_writes();
  name_files_that_lose_pages();
  try {
    return main_checked(argc, argv);
  } catch (const UserError&) {
    // The same on all ranks if it comes before they work together.
    return launched_rank() == 0 ? report_failure() : done;
  } catch (...) {
    return report_failure();
  }
}
