// A circuit: the components that are kept. A plain value, comparable, the key of everything that is
// cached.
#pragma once

#include <compare>
#include <cstddef>
#include <vector>

#include "io/job.h"

namespace headsweep {

/// What can be removed: a head, everywhere or at one named position, or the MLP of a layer.
struct Component {
  enum class Kind { head, mlp };
  static constexpr int no_head = -1, every_position = -1;

  int layer = 0, head = 0;
  Kind kind = Kind::head;
  int position = every_position;  // index into the position names

  static constexpr Component mlp_of(int layer) { return {layer, no_head, Kind::mlp}; }
  auto operator<=>(const Component&) const = default;
};

/// Heads are kept either everywhere the job's `positions` says (positions() == 1), or for each
/// named position apart (positions() == the number of names); MLPs everywhere `positions` says.
/// Components that take no part in the circuit stay as they are in the full model: at every
/// position, whatever `positions` says.
class Circuit {
 public:
  Circuit() = default;

  /// Keeps every component (`everything`); or none of those that take part.
  enum class Start { everything, nothing };
  Circuit(int layers, int heads, Start start, int positions = 1,
          Components components = Components::heads);

  /// `kept`: layer by layer, (heads, positions) and, if MLPs take part, its MLP.
  Circuit(int layers, int heads, int positions, Components components, std::vector<bool> kept);
  const std::vector<bool>& kept() const { return kept_; }

  int layers() const { return layers_; }
  int heads() const { return heads_; }
  int positions() const { return positions_; }
  Components components() const { return components_; }

  bool keeps(int layer, int head, int position = 0) const {
    return kept_[index(layer, head, position)];
  }
  void keep(int layer, int head, int position = 0) { kept_[index(layer, head, position)] = true; }
  void remove(int layer, int head, int position = 0) {
    kept_[index(layer, head, position)] = false;
  }

  bool keeps_mlp(int layer) const {
    return !mlps_take_part(components_) || kept_[index_of_mlp(layer)];
  }

  /// A head at every position: whether it is kept at one of them at least.
  bool keeps(const Component& component) const;
  void keep(const Component& component) { set(component, true); }
  void remove(const Component& component) { set(component, false); }

  /// Its heads: the same circuit without a word on MLPs.
  Circuit of_heads() const;

  /// The circuit of the layers below `layer`: two circuits with equal prefixes have equal residual
  /// streams before that layer.
  Circuit prefix(int layer) const;

  /// The lowest layer in which the two differ; layers() if they are equal. Both must have the same
  /// shape.
  int first_difference(const Circuit& other) const;

  /// The lowest layer that does not keep every head at every position; layers() if there is none.
  int first_reduced_layer() const;

  auto operator<=>(const Circuit&) const = default;

 private:
  void set(const Component& component, bool kept);

  std::size_t layer_size() const {
    return static_cast<std::size_t>(heads_) * static_cast<std::size_t>(positions_) +
           (mlps_take_part(components_) ? 1 : 0);
  }
  std::size_t begin_of(int layer) const { return static_cast<std::size_t>(layer) * layer_size(); }
  std::size_t index(int layer, int head, int position) const {
    return begin_of(layer) + static_cast<std::size_t>(head) * static_cast<std::size_t>(positions_) +
           static_cast<std::size_t>(position);
  }
  std::size_t index_of_mlp(int layer) const { return begin_of(layer + 1) - 1; }

  int layers_ = 0, heads_ = 0, positions_ = 1;
  Components components_ = Components::heads;
  // Layer by layer, so that circuits in order have long common prefixes with their neighbours.
  std::vector<bool> kept_;
};

}  // namespace headsweep
