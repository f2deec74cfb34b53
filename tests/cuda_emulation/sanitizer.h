// What the address sanitizer wants to be told; nothing where it is not compiled in.
#pragma once

#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulation::sanitizer {

#ifdef __SANITIZE_ADDRESS__
inline void leave(void** own, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(own, stack, bytes);
}
inline void arrive(void* own, const void** left, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(own, left, bytes);
}
inline void poison(const volatile void* memory, std::size_t bytes) {
  __asan_poison_memory_region(memory, bytes);
}
inline void unpoison(const volatile void* memory, std::size_t bytes) {
  __asan_unpoison_memory_region(memory, bytes);
}
#else
inline void leave(void**, const void*, std::size_t) {}
inline void arrive(void*, const void**, std::size_t*) {}
inline void poison(const volatile void*, std::size_t) {}
inline void unpoison(const volatile void*, std::size_t) {}
#endif

}  // namespace emulation::sanitizer
