#include "model/rung_costs.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <random>

namespace headsweep {
namespace {

/// The MLP of a layer of gpt2's shape, and ten prompts of six tokens.
constexpr std::int64_t d_model = 768, d_mlp = 3072, rows = 60;

std::vector<float> some_weights(std::int64_t count) {
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> between(-0.1f, 0.1f);
  std::vector<float> weights(static_cast<std::size_t>(count));
  for (float& weight : weights) weight = between(random);
  return weights;
}

/// An MLP on one rung.
class TimedMlp {
 public:
  TimedMlp(const Device& device, Rung rung, const std::vector<float>& weights)
      : backend_(open_device(device, rung)),
        up_(pack(*backend_, weights, d_model, d_mlp, {})),
        down_(pack(*backend_, weights, d_mlp, d_model, {})),
        x_(allocate_numbers(*backend_, rows * (d_model + row_gap))),
        hidden_(allocate_numbers(*backend_, rows * (d_mlp + row_gap))) {
    const std::vector<double> ones(static_cast<std::size_t>(x_.size), 1.0);
    x_ = to_device(*backend_, std::span(ones));
  }

  /// Of one MLP, among as many one after the other as make a measurable time: as in a forward pass,
  /// where the next is asked for while a device computes the last.
  double seconds() {
    constexpr double measurable_seconds = 1e-3;
    constexpr double most_in_a_row = 100;
    const double each = seconds_of(in_a_row_) / in_a_row_;
    in_a_row_ = static_cast<int>(std::clamp(measurable_seconds / each, 1.0, most_in_a_row));
    return each;
  }

 private:
  double seconds_of(int times) {
    const auto start = std::chrono::steady_clock::now();
    const Matrix x = as_spaced_matrix(x_, rows, d_model),
                 hidden = as_spaced_matrix(hidden_, rows, d_mlp);
    for (int i = 0; i < times; ++i) {
      backend_->matmul(x, up_, Epilogue::gelu_tanh, hidden);
      backend_->matmul(hidden, down_, Epilogue::store, x);
    }
    backend_->wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  std::unique_ptr<Backend> backend_;
  Weight up_, down_;
  Numbers x_, hidden_;
  int in_a_row_ = 1;
};

std::vector<RungCost> measure(Device device) {
  constexpr int rounds = 9;
  device.threads = 1;  // several wait for each other, and for what else the machine does
  const std::vector<float> weights = some_weights(d_model * d_mlp);
  const std::vector<Rung> rungs = available_rungs(device);
  std::vector<std::unique_ptr<TimedMlp>> mlps;
  for (const Rung rung : rungs) mlps.push_back(std::make_unique<TimedMlp>(device, rung, weights));
  // In turn, so that what else the machine does falls on all; what it does only adds time. The
  // first round wakes threads and devices.
  std::vector<double> least(rungs.size(), 1e9);
  for (int round = 0; round <= rounds; ++round)
    for (std::size_t i = 0; i < rungs.size(); ++i) {
      const double seconds = mlps[i]->seconds();
      if (round > 0) least[i] = std::min(least[i], seconds);
    }
  const auto fp32 = static_cast<std::size_t>(std::ranges::find(rungs, Rung::fp32) - rungs.begin());
  std::vector<RungCost> costs;
  for (std::size_t i = 0; i < rungs.size(); ++i)
    costs.push_back({rungs[i], least[i] / least[fp32]});
  return costs;
}

}  // namespace

// A thread of its own, since a device's number of threads is that of whoever opens it.
std::vector<RungCost> measure_rung_costs(const Device& device) {
  return std::async(std::launch::async, [&device] { return measure(device); }).get();
}

}  // namespace headsweep
