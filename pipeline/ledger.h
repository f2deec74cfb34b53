// What rank 0 keeps of a job: each run's decisions, made again from the scores that come in, in
// its run file; the index; and the line that shows progress.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/checkpoint_watch.h"
#include "io/folder_lock.h"
#include "pipeline/coordinator.h"
#include "pipeline/inputs.h"
#include "pipeline/progress.h"
#include "pipeline/run_store.h"
#include "pipeline/search.h"
#include "pipeline/work_messages.h"

namespace headsweep {

class Ledger {
 public:
  /// Opens the run file of each run, and takes up what is in it. UserError if one is that of
  /// another run, or does not follow from itself, or if another process is working on them.
  Ledger(const Job& job, const Inputs& inputs, const SearchRule& rule, RunSetting setting,
         CheckpointWatch& checkpoint);

  /// Makes the folder and the index; shows what is complete already. Nothing is written before.
  void begin();

  /// The families that have to be searched, or searched on, with the runs that are not over.
  std::vector<PendingFamily> pending() const;

  /// Whether the full model does the task on a run's prompts. If not, the run is left out and said
  /// to have failed; UserError if that is the job's only family.
  bool check(const Baseline& baseline, int run);

  /// Adds what a search has found, and writes it before long.
  void commit(const SearchProgress& progress);

  /// Writes what has waited long enough: a run at most once a second, and all of them together at
  /// most a tenth of the time, however many they are and however slow the disk is.
  void write_what_is_due();

  void show_progress(int ranks_at_work);
  void end();

  /// Whether this start has found anything.
  bool anything_added() const;
  /// Marks what it has found: no one may take it for good.
  void mark_spoilt();

  /// Whether fp64 does not make some decision that was made.
  bool any_contradicted() const;
  /// Whether a run was left out.
  bool any_failed() const { return !why_failed_.empty(); }

 private:
  struct Book {
    RunSpec run;
    int family = 0;  // with its ablation, as in messages
    RunStore store;
    std::vector<SearchStep> steps;  // that are in the store
    GreedySearch search;            // after them
    bool added_to = false;          // by this start
  };

  // Its files (ledger_files.cpp).
  void lock_folder();
  void check_surroundings();
  std::set<std::string> names_of_files() const;
  void write_index();

  std::vector<int> prompts_of(const RunSpec& run) const;
  void warn_of_full_model(std::size_t family, const std::vector<double>& per_prompt);
  std::string why_resample_fails(double full_mean, const RunSpec& run) const;
  void replace_steps(Book& book, const SearchProgress& progress);
  void add_step(Book& book, const SearchStep& step);
  void finish(std::size_t run, RunStatus status);
  void print_selection() const;

  const Job& job_;
  const Inputs& inputs_;
  bool lock_asked_for_ = false;
  std::optional<FolderLock> lock_;  // none where the file system knows no locks
  RunSetting setting_;
  CheckpointWatch& checkpoint_;
  std::deque<Book> books_;                         // by run
  std::map<std::size_t, std::string> why_failed_;  // by run
  std::set<std::size_t> looked_at_;                // families whose full model is known
  Progress progress_;
  std::size_t next_to_write_ = 0;
  double look_again_at_ = 0, may_write_at_ = 0, index_written_ = 0, index_seconds_ = 0;
  bool index_is_old_ = false;
};

}  // namespace headsweep
