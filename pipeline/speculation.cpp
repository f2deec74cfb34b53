#include "pipeline/speculation.h"

#include <memory>
#include <queue>
#include <set>
#include <span>
#include <utility>

namespace headsweep {
namespace {

/// A point that the search may reach.
struct Node {
  double probability = 1;
  std::size_t number = 0;   // in the order of making, which decides between equals
  std::size_t decided = 0;  // of the coming decisions
  bool removes = false;     // one of them
  Circuit kept;
  RemovalOdds::Outlook outlook;
  std::shared_ptr<const std::vector<Component>> next_pass = {};  // has begun

  bool operator<(const Node& other) const {
    return probability != other.probability ? probability < other.probability
                                            : number > other.number;
  }
};

/// Less likely than this is not worth a rank's time.
constexpr double least_probability = 1e-4;

class Tree {
 public:
  Tree(const GreedySearch& search, const RemovalOdds& odds) : search_(search), odds_(odds) {
    open_.push({1, made_++, 0, false, search.kept(), odds.now()});
  }

  bool exhausted() const { return open_.empty() || open_.top().probability < least_probability; }
  double best_probability() const { return open_.top().probability; }

  /// The circuits that the likeliest open point wants.
  std::vector<Guess> next() {
    const Node node = open_.top();
    open_.pop();
    std::vector<Guess> guesses;
    const auto coming =
        node.next_pass ? std::span<const Component>(*node.next_pass) : search_.coming();
    if (node.decided < coming.size()) {
      const Component& component = coming[node.decided];
      guesses.push_back({branch(node, component), node.probability, component});
    } else if (search_.ranked_next() >= 0) {
      int head = 0;
      for (Circuit& circuit : single_removals(node.kept, search_.ranked_next()))
        guesses.push_back({std::move(circuit), node.probability, {search_.ranked_next(), head++}});
    } else if (!node.next_pass) {
      begin_next_pass(node);
    }
    return guesses;
  }

 private:
  /// Opens the points after the node's decision; returns the circuit that decides it.
  Circuit branch(const Node& node, const Component& component) {
    const double removal = odds_.removal(node.outlook, component);
    Circuit without = node.kept;
    without.remove(component);
    open_.push({node.probability * removal, made_++, node.decided + 1, true, without,
                odds_.after(node.outlook, component, true), node.next_pass});
    open_.push({node.probability * (1 - removal), made_++, node.decided + 1, node.removes,
                node.kept, odds_.after(node.outlook, component, false), node.next_pass});
    return without;
  }

  /// One ahead is enough.
  void begin_next_pass(const Node& node) {
    auto pass = search_.after_coming(node.kept, node.removes);
    if (pass.empty()) return;
    open_.push({node.probability, made_++, 0, false, node.kept, node.outlook,
                std::make_shared<const std::vector<Component>>(std::move(pass))});
  }

  const GreedySearch& search_;
  const RemovalOdds& odds_;
  std::priority_queue<Node> open_;
  std::size_t made_ = 0;
};

}  // namespace

std::vector<Guess> likely_circuits(const GreedySearch& search, const RemovalOdds& odds,
                                   std::size_t most,
                                   const std::function<bool(const Circuit&)>& known) {
  // Two ways can lead to one circuit where a pass tries again what the one before it has kept.
  const bool may_repeat = search.rule().order == Order::alternate;
  std::vector<Guess> guesses;
  std::set<Circuit> guessed;
  Tree tree(search, odds);
  while (!tree.exhausted() && (guesses.size() < most || tree.best_probability() == 1))
    for (Guess& guess : tree.next())
      if (!known(guess.circuit) && (!may_repeat || guessed.insert(guess.circuit).second))
        guesses.push_back(std::move(guess));
  return guesses;
}

}  // namespace headsweep
