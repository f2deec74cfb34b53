#include "pipeline/analyses/scorer.h"

#include <cassert>
#include <set>

namespace headsweep {

std::vector<double> Scorer::means(std::span<const Question> questions) {
  std::set<Question> unknown;
  for (const Question& each : questions)
    if (!known_.contains(each)) unknown.insert(each);
  if (!unknown.empty()) {
    const std::vector<Question> asked(unknown.begin(), unknown.end());
    const std::vector<Answer> answers = ask_(asked);
    assert(answers.size() == asked.size());
    evaluations_ += std::ssize(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      known_[asked[i]] = answers[i].mean;
      full_means_[asked[i].family] = answers[i].full_mean;
    }
  }
  std::vector<double> means;
  for (const Question& each : questions) means.push_back(known_.at(each));
  return means;
}

std::vector<double> Scorer::means(int family, std::span<const Circuit> circuits) {
  std::vector<Question> questions;
  for (const Circuit& circuit : circuits) questions.push_back({family, circuit});
  return means(questions);
}

void Scorer::keep_only(int family) {
  std::erase_if(known_, [&](const auto& known) { return known.first.family != family; });
}

}  // namespace headsweep
