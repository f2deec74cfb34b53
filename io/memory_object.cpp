#include "io/memory_object.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>

#include "io/errors.h"

namespace headsweep {
namespace {

constexpr std::int64_t huge_page = std::int64_t{2} << 20;
constexpr int collapse = 25;  // MADV_COLLAPSE (Linux 6.1), which Debian 12's headers lack

[[noreturn]] void refuse(std::int64_t bytes, const std::string& reason) {
  throw MachineError(fmt::format("{:.1f} MB of memory for processes to share were refused: {}",
                                 static_cast<double>(bytes) / 1e6, reason));
}

bool reserve(int descriptor, std::int64_t offset, std::int64_t bytes) {
  return retry_if_interrupted([&] { return ::fallocate(descriptor, 0, offset, bytes); }) == 0;
}

/// Systems that give shared memory no huge pages on their own (shmem_enabled: never) still collapse
/// small ones when asked; where only the first is there, nothing has to be copied. Elsewhere
/// nothing is lost.
void ask_for_huge_pages(int descriptor, std::byte* data, std::int64_t bytes) {
  const std::int64_t whole = bytes / huge_page * huge_page;
  ::madvise(data, static_cast<std::size_t>(whole), MADV_HUGEPAGE);
  for (std::int64_t offset = 0; offset < whole; offset += huge_page)
    if (!reserve(descriptor, offset, 1)) return;
  ::madvise(data, static_cast<std::size_t>(whole), collapse);
}

/// Addresses for `bytes`, aligned to a huge page and taken by nothing else; nullptr, and errno set,
/// if there are none.
std::byte* reserve_addresses(std::size_t bytes) {
  constexpr auto unit = static_cast<std::size_t>(huge_page);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t length = (bytes + page - 1) / page * page;
  void* const start =
      ::mmap(nullptr, length + unit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const std::size_t before = (unit - reinterpret_cast<std::uintptr_t>(start) % unit) % unit;
  auto* const aligned = static_cast<std::byte*>(start) + before;
  if (before > 0) ::munmap(start, before);
  ::munmap(aligned + length, unit - before);
  return aligned;
}

}  // namespace

MemoryObject::MemoryObject(FileDescriptor descriptor, std::int64_t bytes)
    : descriptor_(std::move(descriptor)), bytes_(bytes) {}

MemoryObject::~MemoryObject() {
  if (data_ != nullptr) ::munmap(data_, static_cast<std::size_t>(bytes_));
}

MemoryObject::MemoryObject(MemoryObject&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

MemoryObject& MemoryObject::operator=(MemoryObject&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool MemoryObject::map() {
  const auto length = static_cast<std::size_t>(bytes_);
  data_ = reserve_addresses(length);
  return data_ != nullptr && ::mmap(data_, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                    descriptor(), 0) != MAP_FAILED;
}

MemoryObject MemoryObject::create(std::int64_t bytes) {
  // The system would first look for memory by ending processes.
  const auto machine = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
  if (bytes > machine)
    refuse(bytes, fmt::format("the machine has {:.1f} MB", static_cast<double>(machine) / 1e6));
  MemoryObject object(FileDescriptor(::memfd_create("headsweep", MFD_CLOEXEC)),
                      std::max<std::int64_t>(bytes, 1));
  if (!object.descriptor_.is_open() || ::ftruncate(object.descriptor(), object.bytes_) != 0 ||
      !object.map())
    refuse(bytes, system_reason());
  if (object.bytes_ >= 2 * huge_page)
    ask_for_huge_pages(object.descriptor(), object.data_, object.bytes_);
  if (!reserve(object.descriptor(), 0, object.bytes_)) refuse(bytes, system_reason());
  return object;
}

std::optional<MemoryObject> MemoryObject::attach(pid_t process, int descriptor,
                                                 std::int64_t bytes) {
  MemoryObject object(open_descriptor(fmt::format("/proc/{}/fd/{}", process, descriptor), O_RDWR),
                      std::max<std::int64_t>(bytes, 1));
  struct stat status {};
  // Only memory objects have seals: a file must not be taken for one.
  if (!object.descriptor_.is_open() || ::fcntl(object.descriptor(), F_GET_SEALS) < 0 ||
      ::fstat(object.descriptor(), &status) != 0 || status.st_size != object.bytes_ ||
      !object.map())
    return std::nullopt;
  return object;
}

}  // namespace headsweep
