#include "pipeline/analyses/dealer.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace headsweep {
namespace {

/// Circuits that are worth a message.
constexpr std::size_t few = 4;

}  // namespace

void Dealer::begin(std::span<const Question> questions) {
  assert(all_left_ == 0);
  left_.clear();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Left& left = left_.try_emplace(questions[i].family, Left{i, i, 0}).first->second;
    assert(left.end == i);
    left.end = i + 1;
  }
  all_left_ = questions.size();
}

/// The one that it has ready; else the one with the most left for each rank that has had some of
/// it.
int Dealer::family_for(int rank) const {
  const int open = open_[static_cast<std::size_t>(rank)];
  if (left_.contains(open)) return open;
  const auto share = [](const auto& each) {
    return static_cast<double>(each.second.end - each.second.first) / (1 + each.second.ranks);
  };
  return std::ranges::max_element(left_, {}, share)->first;
}

std::size_t Dealer::most_at_once(int family) const {
  constexpr double wanted_seconds = 1.5;
  constexpr std::size_t at_first = 8;
  const auto each = seconds_each_.find(family);
  if (each == seconds_each_.end()) return at_first;
  const double most = wanted_seconds / std::max(each->second, 1e-9);
  return static_cast<std::size_t>(std::clamp(most, 1.0, 1e6));
}

std::optional<Dealer::Piece> Dealer::next(int rank) {
  if (all_left_ == 0) return std::nullopt;
  const auto ranks = open_.size();
  const int family = family_for(rank);
  Left& left = left_.at(family);
  // Half of an equal share, but a few if there are enough for all.
  const std::size_t share = (all_left_ + ranks - 1) / ranks;
  const std::size_t wanted = ranks == 1 ? share : std::max((share + 1) / 2, std::min(share, few));
  const Piece piece{family, left.first,
                    std::min({wanted, left.end - left.first, most_at_once(family)})};
  if (int& open = open_[static_cast<std::size_t>(rank)]; open != family) {
    open = family;
    ++left.ranks;
  }
  left.first += piece.size;
  all_left_ -= piece.size;
  if (left.first == left.end) left_.erase(family);
  return piece;
}

void Dealer::took(int family, std::size_t circuits, double seconds) {
  seconds_each_[family] = seconds / static_cast<double>(circuits);
}

}  // namespace headsweep
