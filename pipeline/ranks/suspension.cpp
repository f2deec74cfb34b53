#include "pipeline/ranks/suspension.h"

#include <atomic>
#include <csignal>
#include <ctime>

namespace headsweep {
namespace {

static_assert(std::atomic<double>::is_always_lock_free, "a signal handler uses them");
std::atomic<double> last_asked = 0, suspended = 0;

/// A handler may call clock_gettime(2).
double seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void wake_up(int) {
  const double now = seconds_now();
  suspended = suspended + (now - last_asked);
  last_asked = now;
}

}  // namespace

void watch_for_suspension() {
  last_asked = seconds_now();
  struct sigaction action = {};
  action.sa_handler = wake_up;
  action.sa_flags = SA_RESTART;
  sigaction(SIGCONT, &action, nullptr);
}

double seconds_awake() {
  const double now = seconds_now();
  last_asked = now;
  return now - suspended;
}

}  // namespace headsweep
