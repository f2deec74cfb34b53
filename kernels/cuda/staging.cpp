#include "kernels/cuda/staging.h"

#include <algorithm>
#include <cstring>
#include <deque>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;

}  // namespace

Staging::Piece& Staging::next() {
  Piece& piece = pieces_[turn_++ % pieces_.size()];
  if (piece.memory.get() == nullptr) {
    check(cudaMallocHost(piece.memory.fill(), piece_bytes));
    check(cudaEventCreateWithFlags(piece.gone.fill(), cudaEventDisableTiming));
  } else {
    check(cudaEventSynchronize(piece.gone.get()));
  }
  return piece;
}

void Staging::copy_to_device(cudaStream_t stream, std::span<const std::byte> host, void* device) {
  auto* to = static_cast<std::byte*>(device);
  while (!host.empty()) {
    const std::size_t bytes = std::min(host.size(), piece_bytes);
    const Piece& piece = next();
    std::memcpy(piece.memory.get(), host.data(), bytes);
    check(cudaMemcpyAsync(to, piece.memory.get(), bytes, cudaMemcpyHostToDevice, stream));
    check(cudaEventRecord(piece.gone.get(), stream));
    host = host.subspan(bytes);
    to += bytes;
  }
}

void Staging::copy_to_host(cudaStream_t stream, const void* device, std::span<std::byte> host) {
  struct OnTheWay {
    const Piece* piece;
    std::span<std::byte> to;
  };
  std::deque<OnTheWay> on_the_way;
  const auto take_first = [&] {
    const auto& [piece, to] = on_the_way.front();
    check(cudaEventSynchronize(piece->gone.get()));
    std::memcpy(to.data(), piece->memory.get(), to.size());
    on_the_way.pop_front();
  };
  auto* from = static_cast<const std::byte*>(device);
  while (!host.empty()) {
    if (on_the_way.size() == pieces_.size()) take_first();
    const std::size_t bytes = std::min(host.size(), piece_bytes);
    const Piece& piece = next();
    check(cudaMemcpyAsync(piece.memory.get(), from, bytes, cudaMemcpyDeviceToHost, stream));
    check(cudaEventRecord(piece.gone.get(), stream));
    on_the_way.push_back({&piece, host.first(bytes)});
    host = host.subspan(bytes);
    from += bytes;
  }
  while (!on_the_way.empty()) take_first();
}

}  // namespace headsweep::cuda
