// Waiting between two looks for a message: at first only letting others go first, later sleeping.
#pragma once

#include <chrono>
#include <thread>

namespace headsweep {

/// A rank that waits must neither take the core from one that computes (ranks may be more than
/// cores), nor answer late: the longer it has waited, the less a short sleep adds.
class Pause {
 public:
  void wait() {
    ++looks_;
    if (looks_ < 200) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(looks_ < 2000 ? 50 : 500));
    }
  }

 private:
  int looks_ = 0;
};

}  // namespace headsweep
