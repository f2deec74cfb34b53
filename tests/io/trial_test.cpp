#include "io/trial.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace headsweep {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr TrialLimits limits = {.memory_bytes = std::size_t{256} << 20, .cpu_seconds = 20};

/// How the child ended; empty if it came to its end.
std::string failure_of(const std::function<void()>& work, const TrialLimits& most = limits) {
  try {
    try_in_child(most, work);
  } catch (const TrialFailure& failure) {
    return failure.what();
  }
  return "";
}

TEST(Trial, ComesBackFromWorkThatEnds) {
  int touched = 0;
  EXPECT_NO_THROW(try_in_child(limits, [&] { touched = 1; }));
  EXPECT_EQ(touched, 0);  // it was the child's
}

TEST(Trial, PassesOnWhatTheWorkRefuses) {
  const auto refusal_of = [](const std::string& text) -> std::string {
    try {
      try_in_child(limits, [&] { throw std::runtime_error(text); });
    } catch (const TrialRefusal& refusal) {
      return refusal.what();
    }
    return "no refusal";
  };
  EXPECT_EQ(refusal_of("x.h5: is damaged"), "x.h5: is damaged");
  EXPECT_EQ(refusal_of(""), "");
  EXPECT_THAT(refusal_of(std::string(1'000'000, 'x')), StartsWith("xxx"));
}

TEST(Trial, OutlivesACrash) {
  EXPECT_THAT(failure_of([] { std::raise(SIGSEGV); }), StartsWith("signal 11, "));
  EXPECT_THAT(failure_of([] { std::raise(SIGBUS); }), StartsWith("signal 7, "));
  EXPECT_THAT(failure_of([] { std::abort(); }), StartsWith("signal 6, "));
  EXPECT_EQ(failure_of([] { ::_exit(0); }), "exit code 0");
}

TEST(Trial, EndsWorkThatTakesAllMemory) {
  const auto fill = [] { std::vector<char>(std::size_t{1} << 40, 'x'); };
  // The address sanitizer ends such a process itself.
  EXPECT_THAT(failure_of(fill), AnyOf(HasSubstr("more than 256 MB of memory"), "exit code 1"));
}

TEST(Trial, EndsWorkThatHasNoEnd) {
  const auto spin = [] {
    for (std::atomic<int> i = 0;; ++i) {
    }
  };
  EXPECT_THAT(failure_of(spin, {.memory_bytes = std::size_t{1} << 30, .cpu_seconds = 1}),
              HasSubstr("no end within 1 s"));
}

TEST(Trial, SaysNothingOfItsOwn) {
  testing::internal::CaptureStderr();
  EXPECT_NE(failure_of([] {
              std::fprintf(stderr, "corrupted size vs. prev_size\n");
              std::fflush(stderr);
              std::abort();
            }),
            "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Trial, LeavesNoChildBehind) {
  failure_of([] { std::abort(); });
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Trial, NeedsNobodyToTellHowChildrenEnd) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);  // as a parent may leave it
  EXPECT_EQ(failure_of([] {}), "");
  EXPECT_NE(failure_of([] { std::abort(); }), "");
  std::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace headsweep
