// The commands of the program. Each prints its result to stdout; UserError and other exceptions are
// for main().
#pragma once

#include <filesystem>
#include <string>

#include "io/job.h"

namespace headsweep {

enum class Format { text, json };

void prompt_command(const std::filesystem::path& model, const std::string& text,
                    const std::string& answer, Processing processing, Format format);

/// `family` empty: the job's only one.
void score_command(const Job& job, const std::filesystem::path& circuit, const std::string& family,
                   Format format);

enum class Detail { summary, decisions };
void show_command(const std::filesystem::path& run_file, Detail detail, Format format);

void model_command(const std::filesystem::path& folder, Format format);

/// Times the seed's search with the decisions of a trace forced, so that the work is the same on
/// any weights.
struct SweepBenchmark {
  std::filesystem::path model, decisions;
  int threads = 0;
};
void bench_sweep_command(const SweepBenchmark& benchmark, Format format);

}  // namespace headsweep
