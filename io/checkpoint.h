// A folder of safetensors files as one set of named tensors: model.safetensors, or shards listed in
// model.safetensors.index.json. Knows nothing of any model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/mapped_file.h"
#include "io/safetensors.h"

namespace headsweep {

class Checkpoint {
 public:
  /// Maps all files and checks their headers. UserError if the folder holds no safetensors (says
  /// what is there instead, such as pytorch_model.bin, and what to do), a shard is missing, the
  /// index and the shards disagree, or a name appears twice.
  explicit Checkpoint(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<std::filesystem::path>& files() const { return files_; }  // in a fixed order
  const std::vector<StoredTensor>& tensors() const { return tensors_; }       // sorted by name
  const StoredTensor* find(const std::string& name) const;  // nullptr if there is none

  /// Gives the tensor's pages back to the system (see MappedFile::release).
  void release(const StoredTensor& tensor) const noexcept;

  /// SHA-256 over the files: of the file if there is one, else of the shards' hashes, a line each,
  /// in order.
  std::string sha256() const;

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  std::vector<MappedFile> mappings_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace headsweep
