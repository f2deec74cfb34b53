// Memory that processes of one machine share: one creates it, the others attach it by the number
// that it has there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <sys/types.h>

#include "io/file_descriptor.h"

namespace headsweep {

/// Owner of the mapping and of the descriptor; the memory itself lives as long as any process has
/// one of them. Aligned to 2 MB. Movable, not copyable.
class MemoryObject {
 public:
  /// Zeros. The memory is there when this returns, so that a lack of it is a MachineError here and
  /// no death by signal later. Large ones lie in huge pages where the system has some.
  static MemoryObject create(std::int64_t bytes);

  /// What `process` created under this descriptor; nothing if the system does not let this process
  /// have it (another user's, another container's), or if it is no memory object of this size.
  static std::optional<MemoryObject> attach(pid_t process, int descriptor, std::int64_t bytes);

  ~MemoryObject();
  MemoryObject(MemoryObject&& other) noexcept;
  MemoryObject& operator=(MemoryObject&& other) noexcept;
  MemoryObject(const MemoryObject&) = delete;
  MemoryObject& operator=(const MemoryObject&) = delete;

  std::byte* data() const { return data_; }
  std::int64_t bytes() const { return bytes_; }
  int descriptor() const { return descriptor_.get(); }

 private:
  MemoryObject(FileDescriptor descriptor, std::int64_t bytes);
  bool map();  // errno set if that failed

  FileDescriptor descriptor_;
  std::byte* data_ = nullptr;
  std::int64_t bytes_ = 0;
};

/// The memory from byte `offset` on; keeps the object alive.
inline std::shared_ptr<void> view(const std::shared_ptr<MemoryObject>& object,
                                  std::int64_t offset = 0) {
  return {object, object->data() + offset};
}

}  // namespace headsweep
