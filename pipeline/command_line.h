// The commands and options that the program takes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "io/job.h"
#include "io/run_record.h"
#include "pipeline/commands.h"
#include "pipeline/exit_code.h"
#include "pipeline/plan.h"

namespace headsweep {

/// What the command line gives, for all commands together.
struct Arguments {
  std::string job, model, text, answer, circuit, family, run_file, decisions, trace, cost, picture;
  std::string shell;
  std::string processing = "none";
  std::vector<std::filesystem::path> runs;
  std::filesystem::path output;
  std::string format_name;  // of a report or an export
  Precision precision = Precision::automatic;
  double full_logit_difference = 2.3903;
  Overrides overrides;
  bool json = false, list_decisions = false, all_decisions = false, details = false;
  double fragile = fragile_points;
  int threads = 0, families = 1;
  bool without_speculation = false, mpi = false;

  bool simulate = false;
  PlannedRanks planned;
  ModelBenchmark layer;
  AnalysisRequest analysis;
  Publication publication;
  DeviceChoice device = DeviceChoice::automatic;

  Format format() const { return json ? Format::json : Format::text; }
  UseMpi use_mpi() const { return mpi ? UseMpi::always : UseMpi::under_a_launcher; }
  Job read() const { return read_job(job, overrides); }
};

/// Adds every command. While `app` parses the line, the one that is chosen takes its arguments,
/// runs and may set the exit code.
void add_commands(CLI::App& app, Arguments& arguments, int& exit_code);

}  // namespace headsweep
