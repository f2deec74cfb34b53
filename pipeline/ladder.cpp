#include "pipeline/ladder.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"

namespace headsweep {
namespace {

double power_of_two_near(double cost) { return std::exp2(std::round(std::log2(cost))); }

void put_first(Ladder& ladder, Rung rung, double cost) {
  ladder.rungs.insert(ladder.rungs.begin(), rung);
  ladder.costs.insert(ladder.costs.begin(), cost);
}

std::string cost_text(double cost) {
  return cost < 1 ? fmt::format("1/{}", 1 / cost) : fmt::format("{}", cost);
}

}  // namespace

Rung named_rung(Precision precision) {
  switch (precision) {
    case Precision::bf16:
      return Rung::bf16;
    case Precision::bf16x3:
      return Rung::bf16x3;
    case Precision::fp64:
      return Rung::fp64;
    case Precision::automatic:
    case Precision::fp32:
      break;
  }
  return Rung::fp32;
}

Ladder make_ladder(Precision wanted, std::span<const RungCost> at_hand) {
  Ladder ladder;
  if (wanted == Precision::automatic) {
    for (std::size_t i = at_hand.size(); i-- > 0;) {
      const double cost = power_of_two_near(at_hand[i].cost);
      if (ladder.rungs.empty() || cost < ladder.costs.front())
        put_first(ladder, at_hand[i].rung, cost);
    }
    return ladder;
  }
  for (const RungCost& each : at_hand)
    if (each.rung == named_rung(wanted) || each.rung == Rung::fp64) {
      ladder.rungs.push_back(each.rung);
      ladder.costs.push_back(power_of_two_near(each.cost));
    }
  ladder.climbing = Climbing::never;
  if (ladder.rungs.front() != named_rung(wanted))
    throw UserError(
        fmt::format("run.precision: {} is nothing that this device computes in: it needs a "
                    "processor with AMX or AVX512-BF16; choose auto, fp32 or fp64",
                    name_of(wanted)));
  return ladder;
}

std::string describe(const Ladder& ladder) {
  if (ladder.climbing == Climbing::never) return fmt::format("{} only", name_of(ladder.rungs[0]));
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i)
    parts.push_back(fmt::format("{} {}", name_of(ladder.rungs[i]), cost_text(ladder.costs[i])));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace headsweep
