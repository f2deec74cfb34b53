// How long a device takes for what it is asked for.
#pragma once

#include <functional>

namespace headsweep::cuda {

/// Of `calls` calls in a row, the best of some tries, each until wait() returns; the first ones
/// make ready what is needed. For one call.
double best_seconds(int calls, const std::function<void()>& call,
                    const std::function<void()>& wait);

}  // namespace headsweep::cuda
