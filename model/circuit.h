// A circuit: the components that are kept. A plain value, comparable, the key of everything that is
// cached.
#pragma once

#include <compare>
#include <vector>

namespace headsweep {

/// Heads are kept either everywhere the job's `positions` says (positions() == 1), or for each
/// named position apart (positions() == the number of names). MLPs will take their place beside the
/// heads of their layer.
class Circuit {
 public:
  Circuit() = default;

  /// Keeps every head (`everything`) or none.
  enum class Start { everything, nothing };
  Circuit(int layers, int heads, Start start, int positions = 1);

  /// `kept`: (layers, heads, positions).
  Circuit(int layers, int heads, int positions, std::vector<bool> kept);
  const std::vector<bool>& kept() const { return kept_; }

  int layers() const { return layers_; }
  int heads() const { return heads_; }
  int positions() const { return positions_; }

  bool keeps(int layer, int head, int position = 0) const {
    return kept_[index(layer, head, position)];
  }
  void keep(int layer, int head, int position = 0) { kept_[index(layer, head, position)] = true; }
  void remove(int layer, int head, int position = 0) {
    kept_[index(layer, head, position)] = false;
  }

  /// The circuit of the layers below `layer`: two circuits with equal prefixes have equal residual
  /// streams there.
  Circuit prefix(int layer) const;

  /// The lowest layer in which the two differ; layers() if they are equal. Both must have the same
  /// shape.
  int first_difference(const Circuit& other) const;

  /// The lowest layer that does not keep every head at every position; layers() if there is none.
  int first_reduced_layer() const;

  auto operator<=>(const Circuit&) const = default;

 private:
  std::size_t index(int layer, int head, int position) const {
    return (static_cast<std::size_t>(layer) * static_cast<std::size_t>(heads_) +
            static_cast<std::size_t>(head)) *
               static_cast<std::size_t>(positions_) +
           static_cast<std::size_t>(position);
  }

  int layers_ = 0, heads_ = 0, positions_ = 1;
  std::vector<bool> kept_;  // (layers, heads, positions)
};

}  // namespace headsweep
