// Prompts laid out on the device one after the other, without padding between.
#pragma once

#include <algorithm>
#include <vector>

#include "model/model.h"

namespace headsweep {

struct Sequences {
  std::vector<int> starts;     // (prompts + 1): prompt b has rows starts[b] .. starts[b + 1]
  std::vector<int> last_rows;  // (prompts)
  int longest = 0;             // rows
  Array<int> device_starts, device_last_rows;
  // For rotary models: where in its prompt each row is, and each prompt's last one.
  Array<int> device_positions, device_last_positions;

  int prompts() const { return static_cast<int>(last_rows.size()); }
  int rows() const { return starts.back(); }
  SequenceRows first(std::int64_t count) const {
    return {device_starts.data(), static_cast<int>(count), longest, starts.data()};
  }
};

inline Sequences lay_out(const Model& model, const std::vector<std::vector<int>>& tokens) {
  Sequences result;
  std::vector<int> positions, last_positions;
  result.starts.push_back(0);
  for (const auto& prompt : tokens) {
    const int length = static_cast<int>(prompt.size());
    result.starts.push_back(result.starts.back() + length);
    result.last_rows.push_back(result.starts.back() - 1);
    result.longest = std::max(result.longest, length);
    for (int position = 0; position < length; ++position) positions.push_back(position);
    last_positions.push_back(length - 1);
  }
  Backend& backend = model.backend();
  result.device_starts = to_device(backend, std::span<const int>(result.starts));
  result.device_last_rows = to_device(backend, std::span<const int>(result.last_rows));
  if (model.config().is_rotary()) {
    result.device_positions = to_device(backend, std::span<const int>(positions));
    result.device_last_positions = to_device(backend, std::span<const int>(last_positions));
  }
  return result;
}

}  // namespace headsweep
