// One process at a time works in a folder.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "io/file_descriptor.h"

namespace headsweep {

/// Held until it is destroyed, or the process ends, however it ends: the lock is the kernel's, on a
/// file `.lock` in the folder that says who has it. On a network file system it holds between hosts
/// as far as that passes fcntl(2) locks on (NFS does; Lustre where it is mounted with `flock`).
/// There the lock of a machine that is lost may last: a Slurm job that is queued again takes it
/// from its earlier start; anyone else is told which file to remove.
class FolderLock {
 public:
  FolderLock(FolderLock&&) = default;
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    return *this;
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

  /// Nothing if the file system knows no locks. UserError if another process holds it.
  static std::optional<FolderLock> take(const std::filesystem::path& folder);

  /// MachineError if the file is no longer in the folder: that was removed or moved, or the lock
  /// was taken away, and who comes next does not know of this process.
  void check() const;

 private:
  FolderLock(FileDescriptor file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  FileDescriptor file_;
  std::filesystem::path path_;
};

}  // namespace headsweep
