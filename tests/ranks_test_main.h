// The ranks that a test program runs on, all of them together: mpirun's, or one process alone.
#pragma once

#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// Every rank runs every test.
Ranks& test_ranks();

}  // namespace headsweep
