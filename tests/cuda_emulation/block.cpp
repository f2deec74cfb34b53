#include "tests/cuda_emulation/block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "tests/cuda_emulation/sanitizer.h"

namespace headsweep::cuda {

// The block's shared memory; kernels declare it (kernels/cuda/shared_memory.cuh).
extern unsigned char shared_memory[];
alignas(16) unsigned char shared_memory[228 * 1024];

}  // namespace headsweep::cuda

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

void __syncthreads() { emulation::block().wait_for_block(); }

namespace emulation {

using headsweep::cuda::shared_memory;

std::uint64_t exchange(WarpCall call, unsigned mask, std::uint64_t value, int argument, int width) {
  return block().exchange(call, mask, value, argument, width);
}

Block& block() {
  static Block* const only = new Block;  // its stacks are kept from block to block
  return *only;
}

void Order::permute(std::size_t count, std::vector<std::uint32_t>& order) {
  if (seed_ <= 1 && order.size() == count) return;
  order.resize(count);
  std::iota(order.begin(), order.end(), 0U);
  if (seed_ == 1) std::reverse(order.begin(), order.end());
  if (seed_ <= 1) return;
  for (std::size_t i = count; i > 1; --i) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    std::swap(order[i - 1], order[(state_ >> 33) % i]);
  }
}

std::string Block::run(dim3 size, std::size_t shared_bytes, Order& order,
                       const std::function<void()>& thread) {
  start(size, shared_bytes, thread);
  order_.clear();
  for (;;) {
    order.permute(threads_.size(), order_);
    if (!run_ready(order_) || !fault_.empty()) break;
    const auto at_barrier = std::count_if(threads_.begin(), threads_.end(), [](const Thread& each) {
      return each.state == State::at_barrier;
    });
    if (at_barrier != static_cast<std::ptrdiff_t>(threads_.size())) continue;
    for (Thread& each : threads_) each.state = State::ready;
  }
  const bool all_ended = std::all_of(threads_.begin(), threads_.end(),
                                     [](const Thread& each) { return each.state == State::ended; });
  if (fault_.empty() && !all_ended) fault_ = why_stuck();
  sanitizer::unpoison(shared_memory, sizeof(shared_memory));
  return fault_;
}

void Block::start(dim3 size, std::size_t shared_bytes, const std::function<void()>& thread) {
  const std::size_t count = std::size_t{size.x} * size.y * size.z;
  while (fibers_.size() < count) fibers_.push_back(std::make_unique<Fiber>());
  threads_.assign(count, Thread{});
  for (std::size_t i = 0; i < count; ++i) {
    threads_[i].index = {static_cast<unsigned>(i % size.x),
                         static_cast<unsigned>(i / size.x % size.y),
                         static_cast<unsigned>(i / (std::size_t{size.x} * size.y))};
    threads_[i].state = State::ready;
    fibers_[i]->start(thread);
  }
  fault_.clear();
  std::memset(shared_memory, 0xff, shared_bytes);  // NaN
  sanitizer::poison(shared_memory + shared_bytes, sizeof(shared_memory) - shared_bytes);
}

// Runs every thread that can go on, once; false: none could.
bool Block::run_ready(const std::vector<std::uint32_t>& order) {
  bool any = false;
  for (const std::uint32_t i : order) {
    Thread& thread = threads_[i];
    if (thread.state != State::ready) continue;
    any = true;
    current_ = i;
    threadIdx = thread.index;
    fibers_[i]->resume();
    if (fibers_[i]->ended()) thread.state = State::ended;
    if (!fault_.empty()) return true;
  }
  return any;
}

void Block::wait_for_block() {
  threads_[current_].state = State::at_barrier;
  Fiber::suspend();
}

std::uint64_t Block::exchange(WarpCall call, unsigned mask, std::uint64_t value, int argument,
                              int width) {
  const std::size_t self = current_;
  const std::size_t lane = self % warpSize;
  const std::size_t first_lane = self - lane;
  Thread& thread = threads_[self];
  thread.state = State::at_exchange;
  thread.call = call;
  thread.mask = mask;
  thread.value = value;
  thread.argument = argument;
  thread.width = width;
  const std::size_t lanes = std::min<std::size_t>(warpSize, threads_.size() - first_lane);
  if ((mask >> lane & 1U) == 0 || (lanes < warpSize && mask >> lanes != 0)) {
    fault_ = "thread " + std::to_string(self) +
             ": the mask of a warp's exchange lacks the thread itself, or has lanes "
             "that the block does not have";
  } else if (lanes_agree(first_lane, mask, thread)) {
    finish_exchange(first_lane, mask);
  }
  // The last lane to come goes on only when its turn comes again: no order of the lanes may matter.
  Fiber::suspend();
  return threads_[self].received;
}

bool Block::lanes_agree(std::size_t first_lane, unsigned mask, const Thread& with) const {
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
    const Thread& lane = threads_[first_lane + static_cast<std::size_t>(std::countr_zero(rest))];
    if (lane.state != State::at_exchange || lane.mask != mask || lane.call != with.call)
      return false;
  }
  return true;
}

void Block::finish_exchange(std::size_t first_lane, unsigned mask) {
  Thread* const warp = &threads_[first_lane];
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    warp[lane].received = received(warp, lane, mask);
    warp[lane].state = State::ready;
  }
}

// As CUDA's documentation defines it: within groups of `width` lanes; who points outside of its
// group gets its own value.
std::uint64_t Block::received(const Thread* warp, int lane, unsigned mask) {
  const Thread& self = warp[lane];
  const int group = lane & ~(self.width - 1);
  int source = lane;
  switch (self.call) {
    case WarpCall::none:
    case WarpCall::sync:
      return 0;
    case WarpCall::ballot: {
      std::uint64_t lanes = 0;
      for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
        const int each = std::countr_zero(rest);
        if (warp[each].value != 0) lanes |= std::uint64_t{1} << each;
      }
      return lanes;
    }
    case WarpCall::shuffle:
      source = group + (self.argument & (self.width - 1));
      break;
    case WarpCall::shuffle_up:
      source = lane - self.argument < group ? lane : lane - self.argument;
      break;
    case WarpCall::shuffle_down:
      source = lane + self.argument >= group + self.width ? lane : lane + self.argument;
      break;
    case WarpCall::shuffle_xor:
      source = (lane ^ self.argument) >= group + self.width ? lane : lane ^ self.argument;
      break;
  }
  if (source < 0 || (mask >> source & 1U) == 0) {
    fault_ = "lane " + std::to_string(lane) + " asks for the value of lane " +
             std::to_string(source) + ", which is not in the mask";
    return 0;
  }
  return warp[source].value;
}

std::string Block::why_stuck() const {
  std::size_t ended = 0;
  std::size_t at_barrier = 0;
  std::size_t at_exchange = 0;
  std::size_t first_waiting = threads_.size();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    ended += threads_[i].state == State::ended ? 1 : 0;
    at_barrier += threads_[i].state == State::at_barrier ? 1 : 0;
    at_exchange += threads_[i].state == State::at_exchange ? 1 : 0;
    if (threads_[i].state != State::ended) first_waiting = std::min(first_waiting, i);
  }
  return "the threads do not meet: " + std::to_string(at_barrier) + " wait at __syncthreads, " +
         std::to_string(at_exchange) + " in a warp's exchange, " + std::to_string(ended) +
         " have returned; the first that waits is thread " + std::to_string(first_waiting);
}

}  // namespace emulation
