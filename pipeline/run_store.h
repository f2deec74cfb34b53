// The run files of a job: begun, resumed, kept up to date.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/job.h"
#include "io/run_record.h"
#include "model/config.h"
#include "model/device.h"
#include "model/tokenizer.h"
#include "pipeline/families.h"
#include "pipeline/rank_devices.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// output/JOB/FAMILY.CORRUPTION.T3.h5 (run_name() says more), and index.h5 beside it.
std::filesystem::path run_folder(const Job& job);
void make_run_folder(const Job& job);
std::filesystem::path run_file_path(const Job& job, const RunSpec& run);

/// What the runs of a job have in common.
struct RunSetting {
  ModelConfig config;
  std::string model_sha256;
  Ladder ladder;
  DeviceInfo device;
  std::vector<RankPlace> places;    // of the ranks
  std::vector<RankDevice> devices;  // and what they compute on
};

/// As files and listings have them.
std::vector<PromptRecord> prompt_records(const std::vector<Prompt>& prompts,
                                         const PromptBatch& batch);

/// A run as it is before its first decision.
RunRecord new_run(const Job& job, const RunSpec& run, const Family& family,
                  const Tokenizer& tokenizer, const RunSetting& setting);

/// "4, then 2 on 2 hosts": the ranks of a run's starts, said again only where they change.
std::string ranks_of_all_starts(const std::string& before, const std::string& now);

/// One run's file, and what has to go into it.
class RunStore {
 public:
  /// Takes up the decisions of the file at `path` if there is one. UserError if that is the file of
  /// another run: of another job, model, tokenizer, prompts, or program version; it is left as it
  /// is.
  RunStore(std::filesystem::path path, RunRecord fresh);

  const RunRecord& record() const { return record_; }
  const std::filesystem::path& path() const { return path_; }

  void set_full(double mean, const std::vector<double>& per_prompt);
  /// By rung, percentage points; see Guards.
  void set_errors(const Ladder& ladder, const std::vector<double>& errors);
  void add(const Decision& decision, const UsedScore& used, const std::string& host);
  /// The scores without each of the layer's heads alone, by number.
  void add_ranking(int layer, std::span<const UsedScore> scores);
  /// Gives up all decisions and single removals but the first ones.
  void keep_first(std::size_t decisions, std::size_t single_removals);
  void set_audit(const std::vector<Audited>& audited);
  void add(const WorkDone& work);
  void finish(RunStatus status);

  /// Whether something is new and the last writing is a second ago.
  bool is_due() const;
  void write();

  /// Since the run began, over all its starts.
  double seconds() const;

 private:
  std::filesystem::path path_;
  RunRecord record_;
  double seconds_before_ = 0;
  double started_, written_ = 0;  // monotonic_seconds()
  bool anything_new_ = false;
};

}  // namespace headsweep
