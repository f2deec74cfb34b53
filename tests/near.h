// Comparison of arrays that names the first bad index; a NaN is never near.
#pragma once

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace headsweep {

template <class Got, class Expected>
testing::AssertionResult all_near(const Got& got, const Expected& expected, double tolerance) {
  if (got.size() != expected.size())
    return testing::AssertionFailure() << got.size() << " values, not " << expected.size();
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!(std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) <= tolerance))
      return testing::AssertionFailure()
             << "at " << i << ": " << got[i] << ", not " << expected[i] << " within " << tolerance;
  return testing::AssertionSuccess();
}

}  // namespace headsweep
