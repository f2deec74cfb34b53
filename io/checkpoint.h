// A folder of safetensors files as one set of named tensors: model.safetensors, or shards listed in
// model.safetensors.index.json; mapped from the disk, or in memory that processes share. Knows
// nothing of any model.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/mapped_file.h"
#include "io/safetensors.h"

namespace headsweep {

struct CheckpointFile {
  std::string name;  // in the folder
  std::span<const std::byte> bytes;
};

class Checkpoint {
 public:
  /// Maps all files and checks their headers. UserError if the folder holds no safetensors (says
  /// what is there instead, such as pytorch_model.bin, and what to do), a shard is missing, the
  /// index and the shards disagree, or a name appears twice.
  explicit Checkpoint(const std::filesystem::path& folder);

  /// Takes the files of a checkpoint that was opened so, or by another process, from memory that
  /// `owner` keeps alive. Opens nothing: the folder is named in messages. UserError if a header is
  /// wrong or a name appears twice.
  Checkpoint(const std::filesystem::path& folder, const std::vector<CheckpointFile>& files,
             std::shared_ptr<void> owner);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<std::filesystem::path>& files() const { return files_; }  // in a fixed order
  std::vector<CheckpointFile> contents() const;                               // likewise
  const std::vector<StoredTensor>& tensors() const { return tensors_; }       // sorted by name
  const StoredTensor* find(const std::string& name) const;  // nullptr if there is none

  /// Gives the pages of a mapped file's tensor back to the system (see MappedFile::release). What
  /// is in memory stays: it could not be read again.
  void release(const StoredTensor& tensor) const noexcept;

  /// The same for a tensor that no process will read again: shared memory is given back too.
  void discard(const StoredTensor& tensor) noexcept;

  /// SHA-256 over the files: of the file if there is one, else of the shards' hashes, a line each,
  /// in order. Not once a tensor in memory was discarded.
  std::string sha256() const;

 private:
  void sort_tensors();

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  std::vector<MappedFile> mappings_;  // none if the files are in memory
  std::shared_ptr<void> owner_;       // of files in memory
  std::vector<std::span<const std::byte>> contents_;
  std::vector<StoredTensor> tensors_;
  bool discarded_ = false;
};

/// From the SHA-256 of its files, in their order.
std::string sha256_of_checkpoint(const std::vector<std::string>& files);

}  // namespace headsweep
