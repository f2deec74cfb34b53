#include "pipeline/progress.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace headsweep {
namespace {

using Clock = std::chrono::steady_clock;

std::string duration(double seconds) {
  if (seconds < 100) return fmt::format("{:.1f} s", seconds);
  const auto minutes = static_cast<long>(seconds / 60);
  return minutes < 100 ? fmt::format("{} min", minutes)
                       : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace

Progress::Progress(std::size_t runs)
    : terminal_(isatty(STDERR_FILENO) == 1), started_(Clock::now()), shown_(Clock::now()) {
  runs_.reserve(runs);
}

Progress::Run Progress::state_of(const RunRecord& record, std::string name, int decisions) {
  return {std::move(name),
          static_cast<int>(record.decisions.size()),
          std::max(decisions, static_cast<int>(record.decisions.size())),
          static_cast<int>(kept_heads(record).size()),
          record.work.waves,
          circuit_score_percent(record),
          record.work.evaluations,
          is_over(record.status)};
}

void Progress::add(const RunRecord& record, std::string name, int decisions) {
  const Run& run = runs_.emplace_back(state_of(record, std::move(name), decisions));
  resumed_ += run.decided;
  evaluations_before_ += run.evaluations;
}

void Progress::begin() {
  started_ = Clock::now();
  constexpr int most_named = 10;
  int resumed = 0;
  for (const Run& run : runs_) {
    if (run.decided == 0 || run.complete || ++resumed > most_named) continue;
    fmt::print(stderr, "{}: resumed after {} of {} decisions\n", run.name, run.decided,
               run.decisions);
  }
  if (resumed > most_named) fmt::print(stderr, "{} more runs resumed\n", resumed - most_named);
}

void Progress::update(std::size_t run, const RunRecord& record) {
  runs_[run] = state_of(record, std::move(runs_[run].name), runs_[run].decisions);
  latest_ = run;
  anything_new_ = true;
}

void Progress::leave_out(std::size_t run) { runs_[run].left_out = true; }

std::string Progress::of_one(const Run& run) const {
  return fmt::format("{}: {}/{} decided, {} kept, score {:.2f} %, {} waves", run.name, run.decided,
                     run.decisions, run.kept, run.score_percent, run.waves);
}

std::string Progress::line() const {
  int decided = 0, all = 0, done = 0, runs = 0;
  long long evaluations = -evaluations_before_;
  for (const Run& run : runs_) {
    if (run.left_out) continue;
    ++runs;
    decided += run.decided;
    all += run.decisions;
    done += run.complete ? 1 : 0;
    evaluations += run.evaluations;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const double rate = static_cast<double>(decided - resumed_) / seconds;
  std::string text;
  if (runs_.size() > 1)
    text = fmt::format("{} of {} runs done, {}/{} decided; ", done, runs, decided, all);
  text += fmt::format("{}, {:.1f} evaluations/s", of_one(runs_[latest_]),
                      static_cast<double>(evaluations) / seconds);
  if (ranks_at_work_ > 1) text += fmt::format(" on {} ranks", ranks_at_work_);
  return text + fmt::format(", {} left", duration(rate > 0 ? (all - decided) / rate : 0));
}

void Progress::show(int ranks_at_work) {
  ranks_at_work_ = std::max(ranks_at_work, 1);
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (!anything_new_ || Clock::now() - shown_ < pause) return;
  shown_ = Clock::now();
  anything_new_ = false;
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", line());
  } else {
    fmt::print(stderr, "{}\n", line());
  }
  line_shown_ = terminal_;
  std::fflush(stderr);
}

void Progress::clear_line() {
  if (std::exchange(line_shown_, false)) fmt::print(stderr, "\r\x1b[K");
}

void Progress::end() {
  if (!anything_new_ && !line_shown_) return;
  clear_line();
  fmt::print(stderr, "{}\n", line());
  std::fflush(stderr);
}

}  // namespace headsweep
