// oneDNN's products of a block of rows with a weight, on one rung.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/backend.h"
#include "kernels/cpu/bfloat16.h"
#include "kernels/cpu/typed_matrix.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

/// What Weight::packed points at.
struct OneDnnWeight {
  std::shared_ptr<void> storage;
  dnnl::memory high, low;   // low: what `high` left out; bf16x3 multiplies it
  std::vector<float> bias;  // (outputs)
};

/// bf16x3 takes two products for a block: [high; low] W_high, without anything further, then high
/// W_low, to which both halves of the first are added before the epilogue.
class OneDnnBlocks {
 public:
  /// Rows are multiplied in blocks of this many, dense and filled up: oneDNN chooses its loops by
  /// shape and stride, and with them the last bits, which must not depend on how many rows there
  /// are.
  static constexpr std::int64_t rows = 64;

  explicit OneDnnBlocks(Rung rung);

  /// How oneDNN wants a part of a weight of this shape to lie. It depends on the shape, the
  /// processor and the library, so that processes on one machine agree.
  const dnnl::memory::desc& layout(std::int64_t inputs, std::int64_t outputs);

  dnnl::memory place(const dnnl::memory::desc& layout, void* data) const;

  /// `weight` row-major, to where and how oneDNN wants it.
  void reorder(const Bfloat16* weight, const dnnl::memory::desc& layout, void* to);

  /// out = in times the weight; at most `rows` rows.
  void multiply(TypedMatrix<float> in, const OneDnnWeight& weight, Epilogue epilogue,
                TypedMatrix<float> out);

 private:
  using Type = dnnl::memory::data_type;
  /// Inputs, outputs, epilogue; without one: the first of bf16x3's products.
  using Key = std::tuple<std::int64_t, std::int64_t, std::optional<Epilogue>>;

  dnnl::matmul::primitive_desc describe(const dnnl::memory::desc& weight, Epilogue epilogue,
                                        int added) const;
  dnnl::matmul::primitive_desc describe_first(const dnnl::memory::desc& weight) const;
  const dnnl::matmul& product(const dnnl::memory::desc& weight, std::optional<Epilogue> epilogue);
  dnnl::memory block(std::int64_t block_rows, std::int64_t columns, Type of, void* data) const;
  Bfloat16* load_rows(TypedMatrix<float> in);
  void multiply_block(void* operands, const OneDnnWeight& weight, Epilogue epilogue);

  Rung rung_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<Key, dnnl::matmul> products_;
  std::map<std::pair<std::int64_t, std::int64_t>, dnnl::memory::desc> layouts_;  // by in-, outputs
  std::vector<float> out_;                                                       // (rows, outputs)
  std::vector<Bfloat16> rounded_;  // (rows, inputs), twice for bf16x3
  std::vector<float> halves_;      // (2 * rows, outputs)
};

}  // namespace headsweep::cpu
