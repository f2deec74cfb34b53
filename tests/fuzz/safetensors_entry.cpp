// A checkpoint's file: its header, its tensors, and whether they are a GPT-2.
#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "io/checkpoint.h"
#include "io/safetensors.h"
#include "model/stored_weights.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"

namespace headsweep {
namespace {

/// That of the corpus's tiny-gpt2.
constexpr ModelConfig config{
    .layers = 1, .heads = 1, .d_model = 2, .d_mlp = 2, .positions = 2, .vocabulary = 2};

void check_tensor(const StoredTensor& tensor, std::span<const std::byte> file) {
  const std::byte* end = tensor.bytes.data() + tensor.bytes.size();
  expect(tensor.bytes.empty() || (std::less_equal<>{}(file.data(), tensor.bytes.data()) &&
                                  std::less_equal<>{}(end, file.data() + file.size())),
         "a tensor outside the file");
  if (tensor.type == ElementType::other) return;
  constexpr std::int64_t most = 64;
  std::vector<float> values(static_cast<std::size_t>(std::min(most, tensor.elements())));
  read_floats(tensor, 0, values);
  read_floats(tensor, tensor.elements() - std::ssize(values), values);
}

void check_weights(const StoredWeights& weights) {
  weights.values(ModelTensor::embedding);
  for (const LayerTensor tensor :
       {LayerTensor::attention_input, LayerTensor::mlp_input, LayerTensor::attention_shift})
    weights.values(0, tensor);
}

}  // namespace

void fuzz_safetensors(std::string_view input) {
  const auto file = std::as_bytes(std::span(input));
  const bool taken = is_taken([&] {
    for (const StoredTensor& tensor : parse_safetensors(file, "model.safetensors"))
      check_tensor(tensor, file);
  });
  if (!taken) return;
  is_taken([&] {
    Checkpoint checkpoint("folder", {{"model.safetensors", file}}, nullptr);
    check_weights(StoredWeights(std::move(checkpoint), config));
  });
}

}  // namespace headsweep
