#include "pipeline/progress.h"

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

Progress::Progress(std::string family, int heads_in_all, int resumed)
    : family_(std::move(family)),
      heads_in_all_(heads_in_all),
      resumed_(resumed),
      terminal_(isatty(STDERR_FILENO) == 1),
      started_(Clock::now()),
      shown_(Clock::now()) {
  if (resumed > 0)
    fmt::print(stderr, "{}: resumed after {} of {} decisions\n", family_, resumed, heads_in_all_);
}

std::string Progress::line(const RunRecord& record) const {
  const auto decided = static_cast<int>(record.decisions.size());
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const double rate = seconds > 0 ? (decided - resumed_) / seconds : 0;
  const double left = rate > 0 ? (heads_in_all_ - decided) / rate : 0;
  return fmt::format("{}: {}/{} decided, {} kept, score {:.2f} %, {:.1f} evaluations/s, {} left",
                     family_, decided, heads_in_all_, kept_heads(record).size(),
                     circuit_score_percent(record), rate, duration(left));
}

void Progress::show(const RunRecord& record, When when) {
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (when == When::passing && Clock::now() - shown_ < pause) return;
  shown_ = Clock::now();
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}{}", line(record), when == When::last ? "\n" : "");
  } else {
    fmt::print(stderr, "{}\n", line(record));
  }
  std::fflush(stderr);
}

}  // namespace headsweep
