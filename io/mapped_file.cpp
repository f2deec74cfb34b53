#include "io/mapped_file.h"

#include <cassert>
#include <functional>
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

}  // namespace

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
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
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
