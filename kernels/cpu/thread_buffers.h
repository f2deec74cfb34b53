// Memory for each thread of a parallel region, taken before the region: no exception may leave one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <omp.h>

namespace headsweep::cpu {

template <class T>
class ThreadBuffers {
 public:
  /// `count` values for each thread; std::bad_alloc where there is no room.
  explicit ThreadBuffers(std::int64_t count)
      : count_(static_cast<std::size_t>(count)),
        stride_((count_ + per_line - 1) / per_line * per_line),
        all_(stride_ * static_cast<std::size_t>(omp_get_max_threads())) {}

  /// Of the thread that asks.
  std::span<T> mine() {
    return std::span(all_).subspan(stride_ * static_cast<std::size_t>(omp_get_thread_num()),
                                   count_);
  }

 private:
  static constexpr std::size_t per_line =
      64 / sizeof(T);  // of the cache: neighbours share one at most

  std::size_t count_, stride_;
  std::vector<T> all_;
};

}  // namespace headsweep::cpu
