#include "pipeline/speculation.h"

#include <queue>
#include <utility>

namespace headsweep {
namespace {

/// A point that the search may reach.
struct Node {
  double probability = 1;
  std::size_t number = 0;   // in the order of making, which decides between equals
  std::size_t decided = 0;  // of the coming decisions
  Circuit kept;
  RemovalOdds::Outlook outlook;

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
    open_.push({1, made_++, 0, search.kept(), odds.now()});
  }

  bool exhausted() const { return open_.empty() || open_.top().probability < least_probability; }
  double best_probability() const { return open_.top().probability; }

  /// The circuits that the likeliest open point wants.
  std::vector<Guess> next() {
    const Node node = open_.top();
    open_.pop();
    std::vector<Guess> guesses;
    if (node.decided < search_.coming().size()) {
      const Head head = search_.coming()[node.decided];
      guesses.push_back({branch(node, head), node.probability, head});
    } else if (search_.ranked_next() >= 0) {
      int head = 0;
      for (Circuit& circuit : single_removals(node.kept, search_.ranked_next()))
        guesses.push_back({std::move(circuit), node.probability, {search_.ranked_next(), head++}});
    }
    return guesses;
  }

 private:
  /// Opens the points after the node's decision; returns the circuit that decides it.
  Circuit branch(const Node& node, Head head) {
    const double removal = odds_.removal(node.outlook, head);
    Circuit without = node.kept;
    without.remove(head.layer, head.head);
    open_.push({node.probability * removal, made_++, node.decided + 1, without,
                odds_.after(node.outlook, head, true)});
    open_.push({node.probability * (1 - removal), made_++, node.decided + 1, node.kept,
                odds_.after(node.outlook, head, false)});
    return without;
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
  std::vector<Guess> guesses;
  Tree tree(search, odds);
  while (!tree.exhausted() && (guesses.size() < most || tree.best_probability() == 1))
    for (Guess& guess : tree.next())
      if (!known(guess.circuit)) guesses.push_back(std::move(guess));
  return guesses;
}

}  // namespace headsweep
