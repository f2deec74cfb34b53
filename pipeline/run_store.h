// The run files of a job: begun, resumed, kept up to date.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "io/job.h"
#include "io/run_index.h"
#include "io/run_record.h"
#include "model/gpt2.h"
#include "model/tokenizer.h"
#include "pipeline/families.h"

namespace headsweep {

/// output/JOB/FAMILY.CORRUPTION.T3.h5, and index.h5 beside it.
std::filesystem::path run_folder(const Job& job);
void make_run_folder(const Job& job);
std::filesystem::path run_file_path(const Job& job, const FamilySpec& spec);

/// A run as it is before its first decision.
RunRecord new_run(const Job& job, const FamilySpec& spec, const Family& family, const Gpt2& model,
                  const Tokenizer& tokenizer, const std::string& model_sha256);

/// One run's file. Keeps the record, and writes it at most once a second.
class RunStore {
 public:
  /// Takes up the decisions of the file at `path` if there is one. UserError if that is the file of
  /// another run: of another job, model, tokenizer, prompts, or program version; it is left as it
  /// is.
  RunStore(std::filesystem::path path, RunRecord fresh);

  const RunRecord& record() const { return record_; }
  const std::filesystem::path& path() const { return path_; }

  void set_full(double mean, const std::vector<double>& per_prompt);
  void add(DecisionRecord decision);
  void finish(RunStatus status);

  /// Since the run began, over all its starts.
  double seconds() const;

 private:
  void write();

  std::filesystem::path path_;
  RunRecord record_;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point started_, written_;
};

/// The entry of index.h5 for a run.
IndexEntry index_entry(const FamilySpec& spec, const RunStore& store);

/// Puts the entries into the job's index, in place of those of the same name; others stay.
void update_index(const std::filesystem::path& folder, const std::vector<IndexEntry>& entries);

}  // namespace headsweep
