#include "kernels/cuda/attention_times.h"

#include <vector>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/mixed_attention.h"
#include "kernels/cuda/timing.h"

namespace headsweep::cuda {

AttentionTimes time_attention(int gpu, Rung rung, AttentionShape shape) {
  const auto backend = make_backend(gpu, rung, 0);
  const auto device = Device::open(gpu, 0);
  std::vector<int> starts;
  for (int s = 0; s <= shape.sequences; ++s) starts.push_back(s * shape.rows);
  const auto device_starts = to_device(*backend, std::span<const int>(starts));
  const SequenceRows sequences{device_starts.data(), shape.sequences, shape.rows, starts.data()};
  const std::int64_t rows = starts.back(), d = std::int64_t{shape.heads} * shape.d_head;
  const Numbers inputs = to_device(
                    *backend, std::vector<double>(static_cast<std::size_t>(rows * 3 * d), 0.5)),
                outputs = allocate_numbers(*backend, rows * d);
  const Matrix qkv = as_matrix(inputs, rows, 3 * d);
  const auto seconds = [&](int long_from) {
    MixedAttention attention(device, backend->element(), long_from);
    const auto attend = [&] {
      attention.add(sequences, shape.heads, Queries::every_position, qkv.part_of_columns(0, d),
                    qkv.part_of_columns(d, d), qkv.part_of_columns(2 * d, d), {},
                    as_matrix(outputs, rows, d));
    };
    return best_seconds(8, attend, [&] { device->wait(); });
  };
  const int never = shape.rows + 1, always = 1;
  return {seconds(never), seconds(always)};
}

}  // namespace headsweep::cuda
