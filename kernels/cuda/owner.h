// Owners of what the CUDA libraries hand out.
#pragma once

#include <utility>

namespace headsweep::cuda {

/// Owns a handle; `destroy` is the library's function that ends it.
template <class Handle, auto destroy>
class Owner {
 public:
  Owner() = default;
  explicit Owner(Handle handle) : handle_(handle) {}
  Owner(Owner&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owner& operator=(Owner&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owner() {
    // What a failing destructor could say would only hide an earlier error.
    if (handle_ != Handle{}) static_cast<void>(destroy(handle_));
  }

  Handle get() const { return handle_; }
  /// For functions that write the handle to where they are told.
  Handle* fill() { return &handle_; }

 private:
  Handle handle_ = {};
};

}  // namespace headsweep::cuda
