#include "io/folder_lock.h"

#include <array>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// Of the open file, not of the process: a second FolderLock of the same process is refused, too.
bool lock(const FileDescriptor& file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return retry_if_interrupted([&] { return ::fcntl(file.get(), F_OFD_SETLK, &whole); }) == 0;
}

std::string holder(const FileDescriptor& file) {
  std::array<char, 256> text{};
  const auto bytes = ::pread(file.get(), text.data(), text.size(), 0);
  return bytes > 0 ? std::string(text.data(), static_cast<std::size_t>(bytes)) : "another process";
}

/// For whoever finds the lock taken; nothing depends on it.
void write_holder(const FileDescriptor& file) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return;
  const std::string text = fmt::format("process {} on {}", ::getpid(), host.data());
  if (::ftruncate(file.get(), 0) == 0)
    std::ignore = ::pwrite(file.get(), text.data(), text.size(), 0);
}

/// Whoever ends takes the file away: the one that was opened may be gone, and another in its place.
bool is_at(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat opened {
  }, there{};
  return ::fstat(file.get(), &opened) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

}  // namespace

FolderLock::~FolderLock() {
  // As long as it is locked: nobody else can have it.
  if (file_.is_open()) ::unlink(path_.c_str());
}

std::optional<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".lock";
  while (true) {
    FileDescriptor file = open_descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
    if (!file.is_open())
      throw UserError(fmt::format("{}: cannot be written to: {}", path.string(), system_reason()));
    if (!lock(file)) {
      if (errno != EAGAIN && errno != EACCES) return std::nullopt;
      throw UserError(fmt::format(
          "{}: {} is working there: wait until it has ended, or choose another run.output",
          folder.string(), holder(file)));
    }
    if (!is_at(file, path)) continue;
    write_holder(file);
    return FolderLock(std::move(file), path);
  }
}

}  // namespace headsweep
