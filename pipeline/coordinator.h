// Rank 0's other task: it deals out the families of a job to the ranks, and notices who is silent.
//
// Families first: as long as one waits, a rank that is free leads it, alone. When none waits, free
// ranks join the searches that have the fewest ranks. So a slow family holds up nobody, and the
// last one gets all.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// A family, and its searches that have to be carried out, or gone on with.
struct PendingFamily {
  int family = 0;
  std::vector<SearchRequest> searches;
};

struct CoordinatorOptions {
  std::vector<PendingFamily> families;  // in the order in which they are begun
  int ranks_per_family = 0;             // 0: as the note above says
  double patience_seconds = 600;
  Ready same_on_all;  // UserError if a rank differs
  /// Called with a family's baseline for each of its runs: whether it can be searched. One that
  /// cannot is left out.
  std::function<bool(const Baseline&, int run)> check_baseline;
  /// Called once, when all baselines are good and the searches begin.
  std::function<void()> begin;
  /// Called with what comes out.
  std::function<void(const SearchProgress&)> commit;
};

/// UserError that names the rank, if it is not `ready` with what all have.
void check_same_on_all(const Ready& ready, const Ready& wanted, const std::string& rank);

class Coordinator {
 public:
  Coordinator(Ranks& ranks, CoordinatorOptions options);

  void handle(const Message& message);
  /// Ends all searches after their waves.
  void stop();
  /// Called from time to time: tells all ranks that rank 0 is alive. MachineError that names the
  /// rank, if one that should have reported has not.
  void keep_watch();

  /// All searches have ended, or stopped.
  bool done() const;
  Outcome outcome() const;
  int ranks_at_work() const;

 private:
  struct Group {
    int family = 0, leader = 0;
    std::size_t searches = 0;  // that have not ended
    std::vector<int> ranks;
    double heard = 0;
  };

  void take_ready(const Ready& ready, int from);
  void take_baseline(const Baseline& baseline, int from);
  void take_progress(const SearchProgress& progress);
  void deal();
  void deal_baselines();
  void begin_searches();
  void send_joiners();
  std::vector<int> take_free(std::size_t count);

  Ranks& ranks_;
  CoordinatorOptions options_;
  bool stopping_ = false, begun_ = false;
  std::size_t next_baseline_ = 0, next_family_ = 0;
  bool stopped_ = false;  // some search, before its end
  int baselines_under_way_ = 0;
  std::vector<int> free_;              // ranks, ascending
  std::vector<double> waiting_since_;  // by rank: for `ready` or a baseline; negative: for nothing
  std::vector<Group> groups_;
  double last_alive_ = 0, watch_again_ = 0;
};

}  // namespace headsweep
