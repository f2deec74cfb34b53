#include "kernels/cpu/onednn_product.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/cpu/onednn_blocks.h"
#include "kernels/cpu/processor.h"

namespace headsweep::cpu {
namespace {

std::int64_t rounded_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Of a packed weight: its high parts, its low parts, the bias. bf16 packs low parts, too, which it
/// does not read, so that its form is bf16x3's.
struct Places {
  std::int64_t low, bias, end;  // bytes

  explicit Places(const dnnl::memory::desc& layout)
      : low(rounded_up(static_cast<std::int64_t>(layout.get_size()))),
        bias(2 * low),
        end(bias + rounded_up(layout.dims()[1] * std::int64_t{sizeof(double)})) {}
};

std::string library() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

/// Other processors are not asked for bfloat16.
std::string_view bfloat16_instructions() { return has_amx_bf16() ? "AMX" : "AVX512-BF16"; }

}  // namespace

OneDnnProducts::OneDnnProducts(Rung rung)
    : rung_(rung), blocks_(std::make_unique<OneDnnBlocks>(rung)) {
  assert(rung == Rung::bf16 || rung == Rung::bf16x3);
}
OneDnnProducts::~OneDnnProducts() = default;

std::int64_t OneDnnProducts::packed_bytes(std::int64_t inputs, std::int64_t outputs) {
  return Places(blocks_->layout(inputs, outputs)).end;
}

void OneDnnProducts::pack_into(std::span<const float> weight, std::int64_t inputs,
                               std::int64_t outputs, std::span<const double> bias, void* memory) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  const dnnl::memory::desc& layout = blocks_->layout(inputs, outputs);
  const Places places(layout);
  auto* const begin = static_cast<std::byte*>(memory);
  auto* const own_bias = reinterpret_cast<double*>(begin + places.bias);
  std::fill(std::copy(bias.begin(), bias.end(), own_bias), own_bias + outputs, 0.0);
  std::vector<Bfloat16> high(weight.size()), low(weight.size());
  split_bfloat16(weight.data(), inputs * outputs, high.data(), low.data());
  blocks_->reorder(high.data(), layout, begin);
  blocks_->reorder(low.data(), layout, begin + places.low);
}

Weight OneDnnProducts::packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                                     std::int64_t outputs) {
  const dnnl::memory::desc& layout = blocks_->layout(inputs, outputs);
  const Places places(layout);
  auto* const begin = static_cast<std::byte*>(memory.get());
  auto packed = std::make_shared<OneDnnWeight>();
  packed->high = blocks_->place(layout, begin);
  if (rung_ == Rung::bf16x3) packed->low = blocks_->place(layout, begin + places.low);
  const auto* const bias = reinterpret_cast<const double*>(begin + places.bias);
  packed->bias.assign(bias, bias + outputs);
  packed->storage = std::move(memory);
  return {packed, inputs, outputs, places.end};
}

void OneDnnProducts::multiply(Matrix in_matrix, const Weight& weight, Epilogue epilogue,
                              Matrix out_matrix) {
  const auto in = typed<float>(in_matrix), out = typed<float>(out_matrix);
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const auto& packed = *static_cast<const OneDnnWeight*>(weight.packed.get());
  for (std::int64_t first = 0; first < in.rows; first += OneDnnBlocks::rows) {
    const std::int64_t rows = std::min(OneDnnBlocks::rows, in.rows - first);
    blocks_->multiply(in.part_of_rows(first, rows), packed, epilogue,
                      out.part_of_rows(first, rows));
  }
}

std::string OneDnnProducts::description() const {
  return fmt::format("{} in {}", library(), name_of(rung_));
}

std::string OneDnnProducts::weight_form() const {
  return fmt::format("{} bfloat16 high and low parts, {}, {}", library(), processor_level(),
                     bfloat16_instructions());
}

std::string OneDnnProducts::bits_depend_on() const {
  return fmt::format("{} {}", bfloat16_instructions(), library());
}

}  // namespace headsweep::cpu
