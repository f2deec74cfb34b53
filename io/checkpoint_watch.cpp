#include "io/checkpoint_watch.h"

#include <utility>

#include <fmt/format.h>

#include "io/checkpoint.h"
#include "io/errors.h"
#include "io/sha256.h"

namespace headsweep {
namespace {

struct stat status_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  // Over a network, a file that another machine has removed is gone for this one, too.
  if (::fstat(file.get(), &status) != 0)
    throw MachineError(
        fmt::format("{}: cannot be looked at any more: {}", path.string(), system_reason()));
  return status;
}

bool same_time(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

/// Whoever writes into a file changes the second time stamp, which nobody can set back.
bool untouched(const struct stat& before, const struct stat& now) {
  return before.st_size == now.st_size && same_time(before.st_mtim, now.st_mtim) &&
         same_time(before.st_ctim, now.st_ctim);
}

/// By its descriptor: the path may lead to another file by now.
std::string hash(const FileDescriptor& file, const std::filesystem::path& path) {
  try {
    return sha256_of_file(fmt::format("/proc/self/fd/{}", file.get()));
  } catch (const UserError&) {
    throw MachineError(fmt::format("{}: cannot be read any more", path.string()));
  }
}

[[noreturn]] void refuse(const std::filesystem::path& path) {
  throw CheckpointChanged(fmt::format(
      "{}: the checkpoint changed while it was computed with: nothing that was found since is "
      "kept; put the old file back and give the same command again, or choose another run.output "
      "for the new one",
      path.string()));
}

}  // namespace

CheckpointWatch::CheckpointWatch(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> paths = Checkpoint(folder).files();
  for (const std::filesystem::path& path : paths) {
    FileDescriptor file = open_regular_file(path);
    const struct stat found = status_of(file, path);
    files_.push_back({path, std::move(file), found, ""});
  }
  hashing_ = std::async(std::launch::async, [this] {
    std::vector<std::string> hashes;
    for (const Watched& each : files_) hashes.push_back(hash(each.file, each.path));
    return hashes;
  });
}

std::string CheckpointWatch::sha256() {
  if (hashing_.valid()) {
    const std::vector<std::string> hashes = hashing_.get();
    for (std::size_t i = 0; i < files_.size(); ++i) files_[i].sha256 = hashes[i];
  }
  std::vector<std::string> hashes;
  for (const Watched& each : files_) hashes.push_back(each.sha256);
  return sha256_of_checkpoint(hashes);
}

void CheckpointWatch::check_loaded() const {
  for (const Watched& each : files_) {
    struct stat there {};
    const bool is_there = ::stat(each.path.c_str(), &there) == 0 &&
                          there.st_dev == each.found.st_dev && there.st_ino == each.found.st_ino;
    if (!is_there || !untouched(each.found, status_of(each.file, each.path)))
      throw CheckpointChanged(fmt::format(
          "{}: the checkpoint changed while it was loaded: is it still being copied? Give the same "
          "command again when it is whole",
          each.path.string()));
  }
}

void CheckpointWatch::check() {
  for (Watched& each : files_)
    if (!untouched(each.found, status_of(each.file, each.path))) check_bytes(each);
}

void CheckpointWatch::check_all_bytes() {
  for (Watched& each : files_) check_bytes(each);
}

void CheckpointWatch::check_bytes(Watched& each) {
  const struct stat before = status_of(each.file, each.path);
  if (hash(each.file, each.path) != each.sha256) refuse(each.path);
  each.found = before;
}

}  // namespace headsweep
