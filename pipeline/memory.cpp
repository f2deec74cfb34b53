#include "pipeline/memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace headsweep {
namespace {

/// What the file says, a number of bytes; `otherwise` if it is not there, or says "max".
std::int64_t limit_in(const std::filesystem::path& file, std::int64_t otherwise) {
  std::ifstream stream(file);
  std::int64_t bytes = 0;
  return stream >> bytes && bytes > 0 ? std::min(bytes, otherwise) : otherwise;
}

}  // namespace

std::int64_t peak_memory_bytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::int64_t resident_memory_bytes() {
  std::ifstream counts("/proc/self/statm");
  std::int64_t all = 0, resident = 0;
  counts >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

void give_back_freed_memory() { malloc_trim(0); }

std::int64_t machine_memory_bytes() {
  std::int64_t bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  // "0::/slurm/job_1" in version 2 of control groups; "4:memory:/slurm/job_1" in version 1. Groups
  // above it may have lower limits. In a container the group itself is the root.
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const bool second = line.starts_with("0::");
    if (!second && line.find(":memory:") == std::string::npos) continue;
    const std::filesystem::path root = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const char* const name = second ? "memory.max" : "memory.limit_in_bytes";
    std::filesystem::path group = line.substr(line.rfind(':') + 1);
    for (; group.has_relative_path(); group = group.parent_path())
      bytes = limit_in(root / group.relative_path() / name, bytes);
    bytes = limit_in(root / name, bytes);
  }
  return bytes;
}

}  // namespace headsweep
