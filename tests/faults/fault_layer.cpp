// Stands in for the C library's calls on files and clocks, and lets those fail that
// fault_rules.h names. Everything else is passed on.
#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <ctime>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/fault_rules.h"

#define STANDS_IN extern "C" __attribute__((visibility("default")))

namespace {

using faults::Call;
using faults::Fate;

/// What a descriptor is open on, asked of the kernel: whoever opened it, and whatever dup() did.
std::string path_of(int descriptor) {
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  std::array<char, PATH_MAX> path{};
  const long bytes = syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), path.data(), path.size());
  return bytes < 0 ? "" : std::string(path.data(), static_cast<std::size_t>(bytes));
}

std::string absolute(const char* path) {
  if (path == nullptr || path[0] == '/') return path == nullptr ? "" : path;
  std::array<char, PATH_MAX> folder{};
  if (syscall(SYS_getcwd, folder.data(), folder.size()) < 0) return path;
  return std::string(folder.data()) + "/" + path;
}

Fate fate_of_path(Call call, const std::string& path) {
  const int before = errno;
  const Fate fate = faults::is_below(path) ? faults::fate_of(call, path) : Fate{};
  errno = fate.error != 0 ? fate.error : before;
  return fate;
}

Fate fate_of_descriptor(Call call, int descriptor) {
  return faults::is_meant(call) ? fate_of_path(call, path_of(descriptor)) : Fate{};
}

/// Half of it, but never nothing, which would say that the file has ended.
std::size_t to_do(const Fate& fate, std::size_t bytes) {
  return fate.is_short && bytes > 1 ? bytes / 2 : bytes;
}

int open_at(int folder, const char* path, int flags, mode_t mode) {
  if (faults::is_meant(Call::open)) {
    const std::string whole =
        folder == AT_FDCWD || path[0] == '/' ? absolute(path) : path_of(folder) + "/" + path;
    if (fate_of_path(Call::open, whole).error != 0) return -1;
  }
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

ssize_t counted(int descriptor, ssize_t written) {
  if (written > 0 && faults::is_meant(Call::write) && faults::is_below(path_of(descriptor)))
    faults::note_written(static_cast<std::size_t>(written));
  return written;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

STANDS_IN int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}

STANDS_IN int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

STANDS_IN int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(folder, path, flags, mode);
}

STANDS_IN ssize_t read(int descriptor, void* bytes, std::size_t count) {
  const Fate fate = fate_of_descriptor(Call::read, descriptor);
  return fate.error != 0 ? -1 : syscall(SYS_read, descriptor, bytes, to_do(fate, count));
}

STANDS_IN ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t at) {
  const Fate fate = fate_of_descriptor(Call::read, descriptor);
  return fate.error != 0 ? -1 : syscall(SYS_pread64, descriptor, bytes, to_do(fate, count), at);
}

STANDS_IN ssize_t pread64(int descriptor, void* bytes, std::size_t count, off64_t at) {
  return pread(descriptor, bytes, count, at);
}

STANDS_IN ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  const Fate fate = fate_of_descriptor(Call::write, descriptor);
  if (fate.error != 0) return -1;
  return counted(descriptor, syscall(SYS_write, descriptor, bytes, to_do(fate, count)));
}

STANDS_IN ssize_t writev(int descriptor, const iovec* parts, int count) {
  const Fate fate = fate_of_descriptor(Call::write, descriptor);
  if (fate.error != 0) return -1;
  if (fate.is_short && count > 0)
    return counted(descriptor, syscall(SYS_write, descriptor, parts[0].iov_base,
                                       to_do(fate, parts[0].iov_len)));
  return counted(descriptor, syscall(SYS_writev, descriptor, parts, count));
}

STANDS_IN ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t at) {
  const Fate fate = fate_of_descriptor(Call::write, descriptor);
  if (fate.error != 0) return -1;
  return counted(descriptor, syscall(SYS_pwrite64, descriptor, bytes, to_do(fate, count), at));
}

STANDS_IN ssize_t pwrite64(int descriptor, const void* bytes, std::size_t count, off64_t at) {
  return pwrite(descriptor, bytes, count, at);
}

STANDS_IN int fsync(int descriptor) {
  if (fate_of_descriptor(Call::fsync, descriptor).error != 0) return -1;
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

STANDS_IN int fdatasync(int descriptor) {
  if (fate_of_descriptor(Call::fsync, descriptor).error != 0) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

STANDS_IN int rename(const char* from, const char* to) noexcept {
  if (faults::is_meant(Call::rename) && fate_of_path(Call::rename, absolute(to)).error != 0)
    return -1;
  return static_cast<int>(syscall(SYS_rename, from, to));
}

/// Linux has closed the descriptor whatever close(2) says.
STANDS_IN int close(int descriptor) {
  const Fate fate = fate_of_descriptor(Call::close, descriptor);
  const int result = static_cast<int>(syscall(SYS_close, descriptor));
  if (fate.error == 0) return result;
  errno = fate.error;
  return -1;
}

// Of the clocks only the time of day: the other one does not jump on a real machine either.

STANDS_IN int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && faults::is_meant(Call::clock))
    time->tv_sec += faults::clock_shift_seconds();
  return result;
}

STANDS_IN time_t time(time_t* time) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (time != nullptr) *time = now.tv_sec;
  return now.tv_sec;
}

STANDS_IN int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
