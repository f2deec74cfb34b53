// A model's tensors as the checkpoint stores them, checked against config.json, and read as
// headsweep has them (model/checkpoint_layout.h): the same form for every kind of model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/checkpoint.h"
#include "model/checkpoint_layout.h"
#include "model/config.h"

namespace headsweep {

/// Rows or columns one after the other.
struct Range {
  std::int64_t first = 0, count = 0;
};
std::int64_t sum_of(std::span<const Range> ranges);

class StoredWeights {
 public:
  /// Opens the folder's checkpoint; checks that it is of this shape, that nothing in it would be
  /// ignored without being known to be harmless, and that GPT-2's unembedding is tied. UserError
  /// names file and tensor.
  StoredWeights(const std::filesystem::path& folder, const ModelConfig& config);
  StoredWeights(Checkpoint checkpoint, const ModelConfig& config);  // the same of an open one

  const ModelConfig& config() const { return config_; }

  // UserError (tensor, place) for NaN and infinity in what is read: such numbers would spread to
  // every result.

  /// A whole vector, or a whole matrix (inputs, outputs), in the memory of `used`.
  std::vector<float> values(ModelTensor tensor) const;
  std::vector<float> values(int layer, LayerTensor tensor, std::vector<float> used = {}) const;

  /// These inputs' rows and outputs' columns of a layer's matrix, row-major, into as many numbers.
  void read_part(int layer, LayerTensor tensor, std::span<const Range> inputs,
                 std::span<const Range> outputs, std::span<float> part) const;

  /// One token's row of the embedding or unembedding table; a table is never copied whole.
  void read_embedding(int token, std::span<float> out) const;
  void read_unembedding(int token, std::span<float> out) const;

  /// Gives the memory that reading a layer, or the tables, took back to the system.
  void release_layer(int layer) const;
  void release_embeddings() const;

  /// Gives the memory of the MLP's matrices back for good, where processes share it. They are
  /// packed once, and nothing reads them again: whoever packs them says when.
  void discard_mlp(int layer);

  const std::string& prefix() const { return prefix_; }  // of the tensors' names
  long long parameters() const;
  std::vector<std::string> element_types() const;  // of the tensors in use, sorted
  std::string sha256() const { return checkpoint_.sha256(); }

 private:
  using Shape = std::vector<std::int64_t>;
  struct NamedShape {
    std::string name;  // with its prefix
    Shape shape;
  };
  std::vector<NamedShape> all_shapes() const;
  std::string name_of(ModelTensor tensor) const;
  std::string name_of(int layer, LayerTensor tensor) const;
  const StoredTensor& tensor(const std::string& name) const;
  const StoredTensor& tensor(int layer, LayerTensor which) const {
    return *by_layer_[static_cast<std::size_t>(layer)][static_cast<std::size_t>(which)];
  }
  void find_prefix();
  void read(const StoredTensor& stored, std::int64_t first, std::span<float> out) const;
  void read_rows(const StoredTensor& stored, std::span<const Range> inputs,
                 std::span<const Range> outputs, float* part) const;
  void read_transposed(const StoredTensor& stored, LayerTensor which, std::span<const Range> inputs,
                       std::span<const Range> outputs, float* part) const;
  void check_shapes() const;
  void check_nothing_else() const;
  void check_tied() const;

  Checkpoint checkpoint_;
  ModelConfig config_;
  CheckpointLayout layout_;
  std::string prefix_;
  const StoredTensor *embedding_ = nullptr, *unembedding_ = nullptr;
  std::vector<std::vector<const StoredTensor*>> by_layer_;  // [layer][LayerTensor]
};

}  // namespace headsweep
