#include "kernels/cuda/mixed_attention.h"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/rows.h"

namespace headsweep::cuda {

MixedAttention::MixedAttention(std::shared_ptr<Device> device, Element element, int long_from)
    : device_(std::move(device)),
      element_(element),
      long_from_(long_from),
      attention_(device_, element) {}

void MixedAttention::add(const SequenceRows& sequences, int heads, Queries queries, Matrix q,
                         Matrix k, Matrix v, const HeadFill& fill, Matrix z) {
  const bool wide = element_ == Element::float64;
  const int long_ones =
      sequences.longest < long_from_ ? 0 : add_long(sequences, heads, queries, q, k, v, z);
  if (long_ones > 0 && fill.keep != nullptr)
    device_->add(wide ? replace_heads<double> : replace_heads<float>, fill, z, z);
  if (long_ones == sequences.count) return;
  // On the device only `starts` is read, which a recorded chain may find with other numbers.
  const SequenceRows short_ones{sequences.starts, sequences.count,
                                std::min(sequences.longest, long_from_ - 1), nullptr};
  device_->add(wide ? attention<double> : attention<float>, short_ones, heads, queries, q, k, v,
               fill, z);
}

int MixedAttention::add_long(const SequenceRows& sequences, int heads, Queries queries, Matrix q,
                             Matrix k, Matrix v, Matrix z) {
  assert(sequences.host_starts != nullptr);
  int taken = 0;
  for (int s = 0; s < sequences.count; ++s) {
    const int start = sequences.host_starts[s], rows = sequences.host_starts[s + 1] - start;
    if (rows < long_from_) continue;
    const auto asking = [&](const Matrix& matrix) {
      return queries == Queries::last_position ? matrix.part_of_rows(s, 1)
                                               : matrix.part_of_rows(start, rows);
    };
    attention_.add(heads, asking(q), k.part_of_rows(start, rows), v.part_of_rows(start, rows),
                   asking(z));
    ++taken;
  }
  return taken;
}

}  // namespace headsweep::cuda
