// GPT-2's tensors as the checkpoint stores them, checked against config.json, under names without
// the prefix.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/checkpoint.h"
#include "model/config.h"

namespace headsweep {

class StoredWeights {
 public:
  /// Opens the folder's checkpoint; checks that it is a GPT-2 of this shape, that nothing in it
  /// would be ignored without being known to be harmless, and that the unembedding is tied.
  /// UserError names file and tensor.
  StoredWeights(const std::filesystem::path& folder, const ModelConfig& config);
  StoredWeights(Checkpoint checkpoint, const ModelConfig& config);  // the same of an open one

  const ModelConfig& config() const { return config_; }

  /// A whole tensor as floats, in the memory of `used`. UserError (tensor, place) for NaN and
  /// infinity here, and in what follows: such numbers would spread to every result.
  std::vector<float> values(const std::string& name, std::vector<float> used = {}) const;
  std::vector<float> values(int layer, const std::string& name, std::vector<float> used = {}) const;

  /// Row `row` of a layer's matrix, as many of its first columns as `out` takes.
  void read_row(int layer, const std::string& name, std::int64_t row, std::span<float> out) const;
  /// One token's row of the embedding table; the table is never copied whole.
  void read_embedding(int token, std::span<float> out) const;

  /// Gives the memory that reading a layer, or the embedding table, took back to the system.
  void release_layer(int layer) const;
  void release_embedding() const;

  /// Gives the memory of the MLP's matrices back for good, where processes share it. They are
  /// packed once, and nothing reads them again: whoever packs them says when.
  void discard_mlp(int layer);

  bool prefixed() const {
    return !prefix_.empty();
  }  // "transformer.h.0. ..." rather than "h.0. ..."
  long long parameters() const;
  std::vector<std::string> element_types() const;  // of the tensors in use, sorted
  std::string sha256() const { return checkpoint_.sha256(); }

 private:
  const StoredTensor& tensor(const std::string& name) const;
  void read(const StoredTensor& stored, std::int64_t first, std::span<float> out) const;
  void check_shapes() const;
  void check_nothing_else() const;
  void check_tied() const;

  Checkpoint checkpoint_;
  ModelConfig config_;
  std::string prefix_;                                      // "transformer." or ""
  std::vector<std::vector<const StoredTensor*>> by_layer_;  // what release_layer() gives back
};

}  // namespace headsweep
