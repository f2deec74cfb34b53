#include "tests/cuda_emulation/fiber.h"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include "tests/cuda_emulation/sanitizer.h"

static_assert(sizeof(void*) == 8, "the switch below is for x86-64");

// Saves the registers that a call keeps, and the stack pointer at *save; goes on with those of the
// other stack.
extern "C" void headsweep_emulation_switch(void** save, void* load);
__asm__(R"(
  .text
  .type headsweep_emulation_switch, @function
headsweep_emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size headsweep_emulation_switch, .-headsweep_emulation_switch
)");

namespace emulation {
namespace {

constexpr std::size_t stack_bytes = 64 * 1024;
constexpr std::size_t saved_registers = 6;

// Of the one fiber that runs (the machine's mutex is held while kernels run).
Fiber* running = nullptr;
void* resumer_stack_pointer = nullptr;
const void* resumer_stack = nullptr;
std::size_t resumer_stack_bytes = 0;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

Fiber::Fiber() {
  void* const memory = mmap(nullptr, stack_bytes + page_bytes(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page_bytes(), PROT_NONE) != 0)
    throw std::bad_alloc();
  stack_ = static_cast<char*>(memory) + page_bytes();
}

Fiber::~Fiber() { munmap(stack_ - page_bytes(), stack_bytes + page_bytes()); }

void Fiber::start(const std::function<void()>& function) {
  sanitizer::unpoison(stack_, stack_bytes);  // a fiber that was given up left its frames' marks
  function_ = &function;
  ended_ = false;
  sanitizer_stack_ = nullptr;
  // As if run() had been called: its return address is 0, below it what the switch pops.
  // (The stack pointer is then 8 from a multiple of 16, as code relies on that stores 16 bytes.)
  auto* top = reinterpret_cast<void**>(stack_ + stack_bytes);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&Fiber::run);
  for (std::size_t i = 0; i < saved_registers; ++i) *--top = nullptr;
  stack_pointer_ = top;
}

void Fiber::resume() {
  running = this;
  void* own_sanitizer_stack = nullptr;
  sanitizer::leave(&own_sanitizer_stack, stack_, stack_bytes);
  headsweep_emulation_switch(&resumer_stack_pointer, stack_pointer_);
  sanitizer::arrive(own_sanitizer_stack, nullptr, nullptr);
}

void Fiber::suspend() {
  Fiber* const self = running;
  sanitizer::leave(&self->sanitizer_stack_, resumer_stack, resumer_stack_bytes);
  headsweep_emulation_switch(&self->stack_pointer_, resumer_stack_pointer);
  sanitizer::arrive(self->sanitizer_stack_, &resumer_stack, &resumer_stack_bytes);
}

void Fiber::run() {
  sanitizer::arrive(nullptr, &resumer_stack, &resumer_stack_bytes);
  Fiber* const self = running;
  (*self->function_)();
  self->ended_ = true;
  sanitizer::leave(nullptr, resumer_stack, resumer_stack_bytes);
  headsweep_emulation_switch(&self->stack_pointer_, resumer_stack_pointer);
  std::abort();  // an ended fiber is not resumed
}

}  // namespace emulation
