#include "io/mapped_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <csignal>
#include <cstring>
#include <functional>
#include <mutex>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>

#include "io/errors.h"
#include "io/file_descriptor.h"
#include "io/memory_pages.h"

namespace headsweep {
namespace {

std::size_t file_size(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw UserError(fmt::format("{}: cannot be read: {}", path.string(), system_reason()));
  if (status.st_size == 0)
    throw UserError(fmt::format("{}: is empty (0 bytes); copy it again", path.string()));
  return static_cast<std::size_t>(status.st_size);
}

/// What a signal handler can look through: memory that is always there.
struct Mapping {
  std::atomic<const std::byte*> begin = nullptr;  // nullptr: nothing is mapped here
  std::atomic<std::size_t> bytes = 0;
  std::array<char, 1024> path{};
};
std::array<Mapping, 256> mappings;
std::mutex mappings_change;

/// One too many is not listed: its file is not named, then.
void list(const std::byte* begin, std::size_t bytes, const std::string& path) {
  const std::lock_guard guard(mappings_change);
  for (Mapping& each : mappings) {
    if (each.begin != nullptr) continue;
    path.copy(each.path.data(), each.path.size() - 1);
    each.path.at(std::min(path.size(), each.path.size() - 1)) = '\0';
    each.bytes = bytes;
    each.begin = begin;
    return;
  }
}

void take_off_list(const std::byte* begin) {
  const std::lock_guard guard(mappings_change);
  for (Mapping& each : mappings)
    if (each.begin == begin) each.begin = nullptr;
}

void say(const char* text) { std::ignore = ::write(STDERR_FILENO, text, std::strlen(text)); }

void name_file_of(int signal, siginfo_t* info, void*) {
  const auto* const address = static_cast<const std::byte*>(info->si_addr);
  for (const Mapping& each : mappings) {
    const std::byte* const begin = each.begin;
    if (begin == nullptr || std::less<>{}(address, begin) ||
        !std::less<>{}(address, begin + each.bytes))
      continue;
    say("headsweep: ");
    say(each.path.data());
    say(": was truncated, or its disk fails, while it was read: put it back whole, and give the "
        "same command again\n");
    ::_exit(1);
  }
  std::signal(signal, SIG_DFL);  // on return it comes again, and ends the process as ever
}

}  // namespace

void name_files_that_lose_pages() {
  struct sigaction action = {};
  action.sa_sigaction = name_file_of;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const FileDescriptor file = open_regular_file(path);
  const std::size_t size = file_size(file, path);
  // Shared: ranks on one node then use the same memory.
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapping == MAP_FAILED)
    throw MachineError(
        fmt::format("{}: mapping {} bytes failed: {}", path.string(), size, system_reason()));
  data_ = static_cast<const std::byte*>(mapping);
  size_ = size;
  list(data_, size_, path.string());
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  take_off_list(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::release(std::span<const std::byte> part) const noexcept {
  if (part.empty()) return;
  assert(std::less_equal<>{}(data_, part.data()) &&
         std::less_equal<>{}(part.data() + part.size(), data_ + size_));
  const std::span pages = whole_pages(part);
  if (!pages.empty()) ::madvise(pages.data(), pages.size(), MADV_DONTNEED);
}

}  // namespace headsweep
