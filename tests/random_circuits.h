// Circuits for tests of what must hold for every circuit.
#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "model/circuit.h"
#include "model/config.h"

namespace headsweep {

/// Circuits of one shape, made at random.
class RandomCircuits {
 public:
  RandomCircuits(const ModelConfig& config, int positions, unsigned seed,
                 Components components = Components::heads)
      : layers_(config.layers),
        heads_(config.heads),
        positions_(positions),
        components_(components),
        random_(seed) {}

  /// Sparse, dense, and with a share of its own in each layer; then relatives of those that are
  /// there.
  std::vector<Circuit> some(int count) {
    std::vector<Circuit> circuits;
    for (int i = 0; i < count; ++i) {
      if (i % 3 == 2) {
        circuits.push_back(relative_of(circuits[below(static_cast<int>(circuits.size()))]));
      } else {
        const std::vector<double> shares = {0.0, 0.15, 0.5, 0.9, 1.0};
        const double share = shares[below(5)];
        const bool by_layer = below(2) == 0;
        circuits.push_back(with_shares([&](int) { return by_layer ? shares[below(5)] : share; }));
      }
    }
    return circuits;
  }

  /// The circuits that a greedy search over some of the components asks for.
  std::vector<Circuit> search(const std::vector<int>& layers) {
    std::vector<Circuit> asked;
    Circuit kept(layers_, heads_, Circuit::Start::everything, positions_, components_);
    for (const int layer : layers)
      for (const Component& component : components_of(layer)) {
        Circuit trial = kept;
        trial.remove(component);
        if (below(3) > 0) asked.push_back(trial);
        if (below(4) > 0) kept = trial;
      }
    return asked;
  }

  std::vector<int> shuffled(std::size_t count) {
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    return order;
  }

 private:
  std::size_t below(int bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  std::vector<Component> components_of(int layer) const {
    std::vector<Component> result;
    if (mlps_take_part(components_)) result.push_back(Component::mlp_of(layer));
    if (heads_take_part(components_))
      for (int head = 0; head < heads_; ++head) result.push_back({layer, head});
    return result;
  }

  template <class Share>
  Circuit with_shares(const Share& share_of) {
    Circuit circuit(layers_, heads_, Circuit::Start::nothing, positions_, components_);
    for (int layer = 0; layer < layers_; ++layer) {
      std::bernoulli_distribution keep(share_of(layer));
      if (mlps_take_part(components_) && keep(random_)) circuit.keep(Component::mlp_of(layer));
      if (heads_take_part(components_))
        for (int head = 0; head < heads_; ++head)
          for (int p = 0; p < positions_; ++p)
            if (keep(random_)) circuit.keep(layer, head, p);
    }
    return circuit;
  }

  /// The same up to some layer, and above it nothing, or one component less: it may go on from what
  /// the other left.
  Circuit relative_of(Circuit circuit) {
    const int from = static_cast<int>(below(layers_));
    if (mlps_take_part(components_) && below(3) == 0) {
      circuit.remove(Component::mlp_of(from));
      return circuit;
    }
    if (heads_take_part(components_) && below(2) == 0) {
      circuit.remove(from, static_cast<int>(below(heads_)), static_cast<int>(below(positions_)));
      return circuit;
    }
    for (int layer = from; layer < layers_; ++layer)
      for (const Component& each : components_of(layer)) circuit.remove(each);
    return circuit;
  }

  int layers_, heads_, positions_;
  Components components_;
  std::mt19937 random_;
};

inline std::vector<Circuit> edge_circuits(const ModelConfig& config, int positions,
                                          Components components = Components::heads) {
  const auto kept_where = [&](auto kept) {
    Circuit circuit(config.layers, config.heads, Circuit::Start::nothing, positions, components);
    for (int layer = 0; layer < config.layers; ++layer) {
      for (int head = 0; head < config.heads; ++head)
        if (kept(layer, head)) circuit.keep({layer, head});
      if (mlps_take_part(components) && kept(layer, 0)) circuit.keep(Component::mlp_of(layer));
    }
    return circuit;
  };
  const int last = config.layers - 1, middle = config.layers / 2;
  return {kept_where([](int, int) { return true; }),
          kept_where([](int, int) { return false; }),
          kept_where([](int layer, int) { return layer == 0; }),
          kept_where([&](int layer, int) { return layer == last; }),
          kept_where([&](int layer, int head) { return layer == middle && head == 1; }),
          kept_where([&](int layer, int) { return layer != middle; }),
          kept_where([&](int layer, int head) { return layer != middle && head % 2 == 0; })};
}

}  // namespace headsweep
