#include "pipeline/audit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "io/run_record.h"
#include "pipeline/random_bits.h"

namespace headsweep {

std::vector<int> choose_for_audit(std::span<const AuditCandidate> decisions, double percent) {
  constexpr double least = 4;
  std::uint64_t bits = 0;
  for (const AuditCandidate& each : decisions)
    bits = random_bits(bits ^ std::bit_cast<std::uint64_t>(each.score_percent));
  std::vector<std::pair<std::uint64_t, int>> lots;
  std::vector<int> chosen;
  for (int number = 0; number < std::ssize(decisions); ++number) {
    const AuditCandidate& decision = decisions[static_cast<std::size_t>(number)];
    if (decision.exact) continue;
    lots.emplace_back(random_bits(bits ^ static_cast<std::uint64_t>(number)), number);
    if (std::abs(decision.margin) < fragile_points) chosen.push_back(number);
  }
  std::ranges::sort(lots);
  const double wanted =
      std::max(least, std::ceil(percent / 100 * static_cast<double>(decisions.size())));
  lots.resize(std::min(lots.size(), static_cast<std::size_t>(wanted)));
  for (const auto& lot : lots) chosen.push_back(lot.second);
  const auto last_removal =
      std::ranges::find(decisions.rbegin(), decisions.rend(), true, &AuditCandidate::removed);
  if (last_removal != decisions.rend() && !last_removal->exact)
    chosen.push_back(static_cast<int>(decisions.rend() - last_removal) - 1);
  std::ranges::sort(chosen);
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

}  // namespace headsweep
