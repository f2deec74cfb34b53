// What a family's evaluations cost on this machine, measured by carrying some out.
#pragma once

#include <filesystem>
#include <vector>

#include "io/cost_file.h"
#include "io/trace_file.h"
#include "model/model.h"
#include "pipeline/scaling/replayed_trace.h"
#include "pipeline/work_order.h"

namespace headsweep {

/// Roughly, in the time of a dozen evaluations: at the top, middle and bottom layer of the whole
/// model, and a parabola between.
FamilyCost estimate_family_cost(const Model& model, const AblatedFamily& family);

/// Closely: the trace's decisions are evaluated one after the other, and each layer's mean is
/// taken; some circuits side by side are timed at every fourth layer. The trace must fit the model.
FamilyCost measure_family_cost(const Model& model, const AblatedFamily& family,
                               const std::vector<TraceStep>& trace);

/// What leading a search takes for each circuit: choosing it, sending it out, taking its score.
double measure_handling_seconds(const ReplayedTrace& trace);

/// Of the checkpoint's files.
double checkpoint_bytes(const std::filesystem::path& folder);

}  // namespace headsweep
