// Runs the threads of one block as fibers, with its barriers and its warps' exchanges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <device_functions.h>

#include "tests/cuda_emulation/fiber.h"

namespace emulation {

// Permutations of 0, 1, ..., count - 1: ascending for 0, descending for 1, otherwise a new one each
// time, by the seed.
class Order {
 public:
  explicit Order(unsigned seed) : seed_(seed), state_(seed) {}
  void permute(std::size_t count, std::vector<std::uint32_t>& order);

 private:
  unsigned seed_;
  std::uint64_t state_;
};

class Block {
 public:
  // Runs all threads to their end; returns what went wrong ("thread 3 ..."), or an empty string.
  std::string run(dim3 size, std::size_t shared_bytes, Order& order,
                  const std::function<void()>& thread);

  // Called by the thread that runs.
  void wait_for_block();
  std::uint64_t exchange(WarpCall call, unsigned mask, std::uint64_t value, int argument,
                         int width);

 private:
  enum class State : unsigned char { ready, at_barrier, at_exchange, ended };
  struct Thread {
    uint3 index;
    State state;
    WarpCall call;
    unsigned mask;
    int argument;
    int width;
    std::uint64_t value;     // what this lane gives
    std::uint64_t received;  // what it gets
  };

  void start(dim3 size, std::size_t shared_bytes, const std::function<void()>& thread);
  bool run_ready(const std::vector<std::uint32_t>& order);
  void finish_exchange(std::size_t first_lane, unsigned mask);
  std::uint64_t received(const Thread* warp, int lane, unsigned mask);
  bool lanes_agree(std::size_t first_lane, unsigned mask, const Thread& with) const;
  std::string why_stuck() const;

  std::vector<Thread> threads_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::uint32_t> order_;
  std::size_t current_ = 0;
  std::string fault_;
};

Block& block();

}  // namespace emulation
