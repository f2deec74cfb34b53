// The precisions on which a job's decisions are made. A decision that is too close for its rung is
// evaluated again one rung up (pipeline/certified_search.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/rung_costs.h"

namespace headsweep {

enum class Climbing { where_needed, never };

struct Ladder {
  std::vector<Rung> rungs;    // ascending; the last is the most exact there is
  std::vector<double> costs;  // of an evaluation on each, fp32's is 1
  Climbing climbing = Climbing::where_needed;

  int top() const { return static_cast<int>(rungs.size()) - 1; }
};

/// The rung of that name; auto: fp32.
Rung named_rung(Precision precision);

/// The ladder of run.precision. auto: of the rungs at hand those that are cheaper than every more
/// exact one; a precision by name: that one, and fp64 to hold it against. Costs are rounded to
/// powers of two, so that the ladder does not hang on a measurement's noise. UserError if the
/// device does not have the precision that the job names.
Ladder make_ladder(Precision wanted, std::span<const RungCost> at_hand);

/// The ladder of a job: that of its run files if there are any, so that it goes on as it began;
/// else from what an evaluation costs here, which is measured.
Ladder choose_ladder(const Job& job, const Device& device);

/// "bf16 1/2, fp32 1, fp64 2"; "fp32 only".
std::string describe(const Ladder& ladder);

}  // namespace headsweep
