// Matrix products on one rung, by cuBLASLt.
//
// A packed weight is float32 (inputs, outputs) with float64 biases behind it, on every rung: so one
// block of memory, and one broadcast, serves all of them. What a rung multiplies besides (bfloat16
// parts, float32 biases) is made from it on the device, once for all rungs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/product.h"
#include "kernels/rung.h"

namespace headsweep::cuda {

class Products {
 public:
  Products(std::shared_ptr<Device> device, Rung rung);

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) const;
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory);
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs, std::int64_t outputs);
  Weight part_of(const Weight& whole, std::span<const int> rows, std::span<const int> columns);

  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

 private:
  void multiply_bfloat16(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);
  void multiply_split(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);
  void multiply_float32(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);
  void multiply_float64(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);
  const Product& product(const Weight& weight, Finish finish);

  std::shared_ptr<Device> device_;
  Rung rung_;
  std::map<std::tuple<std::int64_t, std::int64_t, Finish>, Product> products_;
};

}  // namespace headsweep::cuda
