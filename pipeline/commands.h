// The commands of the program. Each prints its result to stdout; UserError and other exceptions are
// for main().
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/job.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

enum class Format { text, json };

void prompt_command(const std::filesystem::path& model, const std::string& text,
                    const std::string& answer, Processing processing, Format format);

/// `family` empty: the job's only one.
void score_command(const Job& job, const std::filesystem::path& circuit, const std::string& family,
                   Format format);

/// Every prompt of a job's families, before anything is run. `family` empty: all of them.
void families_command(const Job& job, const std::string& family, Format format);

enum class Detail { summary, decisions };
/// `fragile`: list the decisions with a smaller margin, percentage points.
void show_command(const std::filesystem::path& run_file, Detail detail,
                  std::optional<double> fragile, Format format);

/// A report of runs: run files, indices, or folders with one. `output` empty: to stdout, where the
/// form is text.
enum class ReportForm { html, md };
void report_command(const std::vector<std::filesystem::path>& runs, ReportForm form,
                    const std::filesystem::path& output);

/// The same runs for other programs (io/export.h).
enum class ExportForm { csv, json, arena, mib, dot };
void export_command(const std::vector<std::filesystem::path>& runs, ExportForm form,
                    const std::filesystem::path& output);

/// What the program is, and every library's version. That of CLI11 is known only to its includer.
void version_command(const std::string& cli11_version, Format format);

void model_command(const std::filesystem::path& folder, Format format);

/// Evaluates decisions of a run again in fp64, here. `contradicted` if one falls otherwise.
enum class Extent { sample, all };
struct Verification {
  std::filesystem::path run_file;
  std::filesystem::path model;  // empty: where the run had it
  Extent extent = Extent::sample;
  int threads = 0;
  DeviceChoice device = DeviceChoice::automatic;
};
Outcome verify_command(const Verification& verification, Format format);

/// Holds a finished run against a published search (pipeline/reproduction.h). `contradicted` if it
/// is not reproduced.
struct Publication {
  std::filesystem::path search;  // CSV, or a circuit in JSON
  double within = 0.02;          // percentage points by which scores may differ
};
/// JOB.csv, or JOB.json if there is no such file.
std::filesystem::path published_beside(const std::filesystem::path& job);
Outcome verify_against_command(const Verification& verification, const Publication& publication,
                               Format format);
/// Runs the job first, or goes on with it; all ranks together. Rank 0 compares.
Outcome reproduce_command(Ranks& ranks, const std::function<Job()>& read,
                          const Publication& publication);

/// Makes an analysis of finished runs of one model, where it is not there already, saves it beside
/// them and prints it. All ranks together. `stopped`: asked to by a signal; what was made before is
/// saved.
struct AnalysisRequest {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path model;       // empty: where the runs had it
  std::filesystem::path comparison;  // empty: beside the runs, if they are in one folder
  SubsetDraws draws;
  Precision precision = Precision::fp32;
  int threads = 0;
  DeviceChoice device = DeviceChoice::automatic;
};
Outcome analysis_command(Ranks& ranks, Analysis analysis, const AnalysisRequest& request,
                         Format format);

/// Times the seed's search with the decisions of a trace forced, so that the work is the same on
/// any weights. All ranks together.
struct SweepBenchmark {
  std::filesystem::path model, decisions;
  int threads = 0, families = 1;
  Speculation speculation = Speculation::automatic;
  Precision precision = Precision::automatic;
  /// Of the model that the decisions are from: their margins are percentages of it.
  double full_logit_difference = 0;
  DeviceChoice device = DeviceChoice::automatic;
};
Outcome bench_sweep_command(Ranks& ranks, const SweepBenchmark& benchmark, Format format);

/// Measures what a simulation needs to know of this machine, on the seed's family. All ranks
/// together; with several, messages and the checkpoint's way are measured, too.
struct CostBenchmark {
  std::filesystem::path model;
  std::filesystem::path trace;  // empty: roughly, on the whole model
  int threads = 0;
};
Outcome bench_cost_command(Ranks& ranks, const CostBenchmark& benchmark, Format format);

/// Times the operations of a layer against the device's limits.
struct ModelBenchmark {
  DeviceChoice device = DeviceChoice::automatic;
  std::filesystem::path model;                        // empty: a model of the following shape
  std::array<int, 3> model_shape = {1024, 4096, 16};  // d_model, d_mlp, heads
  std::vector<int> rows = {10, 60, 240};
  int threads = 0;
};
void bench_model_command(const ModelBenchmark& benchmark, Format format);

/// What families like the job's would take on 1 to 4,096 ranks.
struct ScalingQuestion {
  std::filesystem::path trace;
  std::filesystem::path cost;     // empty: measured on this machine with the job's first family
  std::filesystem::path picture;  // SVG; empty: none
};
void simulate_command(const Job& job, const ScalingQuestion& question);

}  // namespace headsweep
