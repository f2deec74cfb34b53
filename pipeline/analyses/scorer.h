// What analyses ask: the mean logit differences of circuits on families. They ask for many at once,
// so that ranks can share them, and nothing is asked of the ranks twice.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "model/circuit.h"

namespace headsweep {

struct Question {
  int family = 0;  // its number in the work order
  Circuit circuit;

  auto operator<=>(const Question&) const = default;
};

struct Answer {
  double mean = 0;       // logit difference of the circuit
  double full_mean = 0;  // of the unablated model on the same family
};

class Scorer {
 public:
  /// Answers questions, each asked once and in order: a family's together, circuits with the same
  /// beginning side by side.
  using Ask = std::function<std::vector<Answer>(std::span<const Question>)>;

  explicit Scorer(Ask ask) : ask_(std::move(ask)) {}

  /// In the order of the questions; the same may be there several times.
  std::vector<double> means(std::span<const Question> questions);
  /// Of circuits on one family.
  std::vector<double> means(int family, std::span<const Circuit> circuits);
  double mean(int family, const Circuit& circuit) {
    return means(family, std::span(&circuit, 1)).front();
  }

  /// The unablated model's mean on a family about which something has been asked.
  double full_mean(int family) const { return full_means_.at(family); }

  /// How many circuits were evaluated.
  long long evaluations() const { return evaluations_; }

  /// Forgets the answers about all other families, whose turn is over.
  void keep_only(int family);

 private:
  Ask ask_;
  std::map<Question, double> known_;
  std::map<int, double> full_means_;
  long long evaluations_ = 0;
};

}  // namespace headsweep
