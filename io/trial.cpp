#include "io/trial.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/file_descriptor.h"

namespace headsweep {
namespace {

/// What the child says first; one that crashes says nothing.
constexpr char ended = '+', refused = '-', out_of_memory = 'm';

struct Pipe {
  FileDescriptor read_end, write_end;
};

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw MachineError(fmt::format("no pipe to a child process: {}", system_reason()));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// Of the address space: what the process has already may be far more than a limit.
std::size_t used_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Beyond the first a process gets a signal, beyond the second it is killed.
void limit(decltype(RLIMIT_AS) resource, rlim_t most, rlim_t very_most) {
  const rlimit limits = {most, very_most};
  ::setrlimit(resource, &limits);
}

/// No core file, no words of its own, none of our handlers for signals, and no life without parent.
void be_a_child(const TrialLimits& limits, std::size_t parent_bytes) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU})
    std::signal(signal, SIG_DFL);
  // Meant for the parent, which is what a terminal and a launcher speak to.
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);
  const rlim_t bytes = parent_bytes + limits.memory_bytes;
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1);
  limit(RLIMIT_AS, bytes, bytes);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

std::string verdict_on(const std::function<void()>& work) {
  constexpr std::size_t most_bytes = 4000;  // a pipe holds more: nobody has to wait for the reader
  try {
    work();
    return {ended};
  } catch (const std::bad_alloc&) {
    return {out_of_memory};
  } catch (const std::exception& problem) {
    return (refused + std::string(problem.what())).substr(0, most_bytes);
  }
}

std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> piece{};
  while (true) {
    const auto bytes = ::read(pipe, piece.data(), piece.size());
    if (bytes > 0) text.append(piece.data(), static_cast<std::size_t>(bytes));
    if (bytes == 0 || (bytes < 0 && errno != EINTR)) return text;
  }
}

/// "signal 11, Segmentation fault"
std::string way_of_ending(pid_t child, const TrialLimits& limits) {
  int status = 0;
  // Where the parent's parent made it ignore its children, nobody can say how they ended.
  if (retry_if_interrupted([&] { return ::waitpid(child, &status, 0); }) < 0) return "it is gone";
  if (!WIFSIGNALED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGXCPU)
    return fmt::format("it has come to no end within {} s", limits.cpu_seconds);
  return fmt::format("signal {}, {}", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
}

}  // namespace

TrialLimits limits_for(std::size_t input_bytes) {
  constexpr std::size_t least_memory = std::size_t{1} << 30, memory_for_each_byte = 8;
  constexpr unsigned least_seconds = 3;  // of what takes milliseconds
  constexpr std::size_t bytes_a_second = 10'000'000;
  return {.memory_bytes = least_memory + memory_for_each_byte * input_bytes,
          .cpu_seconds = least_seconds + static_cast<unsigned>(input_bytes / bytes_a_second)};
}

void try_in_child(const TrialLimits& limits, const std::function<void()>& work) {
  Pipe pipe = open_pipe();
  const std::size_t parent_bytes = used_bytes();
  const pid_t child = ::fork();
  if (child < 0) throw MachineError(fmt::format("no child process: {}", system_reason()));
  if (child == 0) {
    be_a_child(limits, parent_bytes);
    // Not exit(): what the parent has in hand (its buffers, MPI) is not the child's to end.
    const std::string verdict = verdict_on(work);
    ::_exit(::write(pipe.write_end.get(), verdict.data(), verdict.size()) < 0);
  }
  pipe.write_end = FileDescriptor(-1);
  const std::string verdict = read_all(pipe.read_end.get());
  const std::string end = way_of_ending(child, limits);
  if (verdict.empty()) throw TrialFailure(end);
  if (verdict[0] == out_of_memory)
    throw TrialFailure(
        fmt::format("it needs more than {} MB of memory", limits.memory_bytes >> 20));
  if (verdict[0] == refused) throw TrialRefusal(verdict.substr(1));
}

}  // namespace headsweep
