// A file mapped read-only into memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace headsweep {

/// Owner of the mapping. Movable, not copyable.
class MappedFile {
 public:
  /// UserError if the file is missing, unreadable, no regular file, or empty.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// Gives the pages that lie wholly inside `part` (a part of bytes()) back to the system; they are
  /// read again when touched. Keeps the resident memory small while weights are packed layer by
  /// layer.
  void release(std::span<const std::byte> part) const noexcept;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// From now on a page that a mapped file has lost ends the process with exit code 1 and a line that
/// names the file, instead of SIGBUS: the file was truncated, or its disk fails.
void name_files_that_lose_pages();

}  // namespace headsweep
