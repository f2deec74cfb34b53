// Owner of a POSIX file descriptor, and opening with signals in mind.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/errors.h"

namespace headsweep {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  /// For the few who must know whether close(2) succeeded.
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

/// What the last system call complained of.
inline std::string system_reason() { return std::generic_category().message(errno); }

/// Calls `call` again as long as a signal interrupted it.
template <class Call>
auto retry_if_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Not open, and errno set, if that failed.
inline FileDescriptor open_descriptor(const std::filesystem::path& path, int flags,
                                      mode_t mode = 0) {
  return FileDescriptor(
      retry_if_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

/// UserError if the file is missing, unreadable or no regular file.
inline FileDescriptor open_regular_file(const std::filesystem::path& path) {
  // Without O_NONBLOCK a named pipe would hang here before it can be refused.
  FileDescriptor file = open_descriptor(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) throw UserError(path.string() + ": cannot be read: " + system_reason());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw UserError(path.string() + ": cannot be read: " + system_reason());
  if (!S_ISREG(status.st_mode)) throw UserError(path.string() + ": is not a regular file");
  return file;
}

}  // namespace headsweep
