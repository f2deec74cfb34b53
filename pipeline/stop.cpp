#include "pipeline/stop.h"

#include <csignal>
#include <initializer_list>

namespace headsweep {
namespace {

volatile std::sig_atomic_t requested = 0;

void note(int) { requested = 1; }

bool is_ignored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void ignore(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void watch_for_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one does what it always does
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  if (!is_ignored(SIGHUP)) sigaction(SIGHUP, &action, nullptr);
  action.sa_flags = 0;
  sigaction(SIGUSR1, &action, nullptr);
  ignore(SIGPIPE);
}

void be_told_of_refused_writes() { ignore(SIGXFSZ); }

bool stop_requested() { return requested != 0; }

}  // namespace headsweep
