#include "io/folder_lock.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

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

std::string host_name() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Who has the lock, as the file says it: a line for each.
struct Holder {
  std::string process, host;
  std::string slurm_job, slurm_restarts;  // "" outside of Slurm; "" also for a job's first start
};

Holder this_process() {
  return {std::to_string(::getpid()), host_name(), environment("SLURM_JOB_ID"),
          environment("SLURM_RESTART_COUNT")};
}

Holder read_holder(const FileDescriptor& file) {
  std::array<char, 1024> text{};
  const auto bytes = ::pread(file.get(), text.data(), text.size(), 0);
  std::istringstream lines(
      std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))));
  Holder holder;
  for (std::string* line :
       {&holder.process, &holder.host, &holder.slurm_job, &holder.slurm_restarts})
    std::getline(lines, *line);
  return holder;
}

void write_holder(const FileDescriptor& file) {
  const Holder me = this_process();
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n", me.process, me.host, me.slurm_job, me.slurm_restarts);
  if (::ftruncate(file.get(), 0) == 0)
    std::ignore = ::pwrite(file.get(), text.data(), text.size(), 0);
}

/// The same Slurm job, queued again: its earlier start is over, even if its machine is lost and the
/// file server does not know that yet.
bool is_earlier_start(const Holder& holder) {
  const Holder me = this_process();
  return !holder.slurm_job.empty() && holder.slurm_job == me.slurm_job &&
         std::atoi(holder.slurm_restarts.c_str()) < std::atoi(me.slurm_restarts.c_str());
}

[[noreturn]] void refuse(const Holder& holder, const std::filesystem::path& path) {
  // Here the kernel knows who lives; of another machine the file server may know it late, or never.
  const std::string if_lost =
      holder.host == host_name() || holder.host.empty()
          ? ""
          : fmt::format(" (if {} is down, remove {})", holder.host, path.string());
  throw UserError(fmt::format(
      "{}: process {} on {} is working there: wait until it has ended{}, or choose another "
      "run.output",
      path.parent_path().string(), holder.process, holder.host, if_lost));
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
  // As long as it is locked, so that nobody else has it by then; unless it was taken from here.
  if (file_.is_open() && is_at(file_, path_)) ::unlink(path_.c_str());
}

void FolderLock::check() const {
  if (is_at(file_, path_)) return;
  throw MachineError(
      fmt::format("{}: the folder was removed or replaced, or its lock was taken away, while this "
                  "process worked "
                  "there: it writes nothing more",
                  path_.parent_path().string()));
}

std::optional<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".lock";
  while (true) {
    FileDescriptor file = open_descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
    if (!file.is_open())
      throw UserError(fmt::format("{}: cannot be written to: {}", path.string(), system_reason()));
    if (!lock(file)) {
      if (errno != EAGAIN && errno != EACCES) return std::nullopt;
      const Holder holder = read_holder(file);
      if (!is_earlier_start(holder)) refuse(holder, path);
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) refuse(holder, path);
      continue;
    }
    if (!is_at(file, path)) continue;
    write_holder(file);
    return FolderLock(std::move(file), path);
  }
}

}  // namespace headsweep
