#include "pipeline/output_streams.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace headsweep {
namespace {

std::atomic<int> lost_to_error = 0;  // errno of the first write to stdout that failed

void wait_until_writable(int descriptor) {
  pollfd waiting{descriptor, POLLOUT, 0};
  ::poll(&waiting, 1, -1);
}

/// errno, or 0 if all was written.
int write_all(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written >= 0) {
      bytes += written;
      count -= static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

ssize_t write_to_stdout(void*, const char* bytes, std::size_t count) {
  int none = 0;
  if (const int error = write_all(STDOUT_FILENO, bytes, count); error != 0)
    lost_to_error.compare_exchange_strong(none, error);
  return static_cast<ssize_t>(count);
}

ssize_t write_to_stderr(void*, const char* bytes, std::size_t count) {
  write_all(STDERR_FILENO, bytes, count);
  return static_cast<ssize_t>(count);
}

std::FILE* stream_that_never_fails(cookie_write_function_t* write, int buffering) {
  std::FILE* stream = ::fopencookie(nullptr, "w", {nullptr, write, nullptr, nullptr});
  if (stream != nullptr) std::setvbuf(stream, nullptr, buffering, BUFSIZ);
  return stream;
}

void open_what_is_closed() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
    // The lowest number that is free is taken: this one.
    if (::fcntl(number, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDWR);
}

}  // namespace

void print_come_what_may() {
  open_what_is_closed();
  const int buffering = ::isatty(STDOUT_FILENO) == 1 ? _IOLBF : _IOFBF;
  if (std::FILE* stream = stream_that_never_fails(write_to_stdout, buffering)) stdout = stream;
  if (std::FILE* stream = stream_that_never_fails(write_to_stderr, _IONBF)) stderr = stream;
}

std::string why_output_was_lost() {
  std::fflush(stdout);
  return lost_to_error == 0 ? "" : std::generic_category().message(lost_to_error);
}

}  // namespace headsweep
