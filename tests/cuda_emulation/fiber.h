// A fiber: a function with a stack of its own, on the thread of whoever resumes it.
#pragma once

#include <cstddef>
#include <functional>

namespace emulation {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Makes it ready to run `function` from the start, whatever it did before. The function outlives
  // its run.
  void start(const std::function<void()>& function);
  // Runs it until it suspends itself or ends.
  void resume();
  // Called by the fiber that runs: back to whoever resumed it.
  static void suspend();
  bool ended() const { return ended_; }

 private:
  static void run();

  char* stack_ = nullptr;          // lowest address; a page that cannot be touched lies below
  void* stack_pointer_ = nullptr;  // of the fiber, while it does not run
  void* sanitizer_stack_ = nullptr;
  const std::function<void()>* function_ = nullptr;
  bool ended_ = true;
};

}  // namespace emulation
