// What a device, or a library that drives it, refuses to do.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace headsweep {

/// The machine's failure (exit code 1). Says where in the program it was noticed.
class DeviceError : public std::runtime_error {
 public:
  explicit DeviceError(const std::string& message,
                       std::source_location where = std::source_location::current());
};

/// The device's memory does not suffice.
class DeviceMemoryError : public DeviceError {
 public:
  // Written out: nvcc cannot read an inherited one with a default argument.
  explicit DeviceMemoryError(const std::string& message,
                             std::source_location where = std::source_location::current())
      : DeviceError(message, where) {}
};

}  // namespace headsweep
