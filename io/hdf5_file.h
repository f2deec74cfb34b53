// HDF5 files as a whole: the owner of its objects, the check of its results, and how a file gets
// from memory to disk. Only io/hdf5_*, io/run_file.cpp, io/run_index.cpp, io/analysis_file.cpp and
// io/result_format.cpp may include this.
#pragma once

#include <concepts>
#include <filesystem>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include <hdf5.h>

#include "io/file_origin.h"

namespace headsweep::hdf5 {

/// HDF5 refused, or its content is not what it should be. Never leaves io/: write_file() makes a
/// MachineError of it, read_file() a UserError.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& reason,
                   std::source_location where = std::source_location::current())
      : std::runtime_error(reason), where_(where) {}
  const std::source_location& where() const { return where_; }

 private:
  std::source_location where_;
};

/// Owner of one identifier.
template <herr_t (*close_function)(hid_t)>
class Owner {
 public:
  explicit Owner(hid_t id) : id_(id) {}
  ~Owner() {
    if (id_ >= 0) close_function(id_);
  }
  Owner(Owner&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Owner& operator=(Owner&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  hid_t get() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }

 private:
  hid_t id_;
};

using File = Owner<H5Fclose>;
using Group = Owner<H5Gclose>;
using Dataset = Owner<H5Dclose>;
using Attribute = Owner<H5Aclose>;
using Space = Owner<H5Sclose>;
using Type = Owner<H5Tclose>;
using Properties = Owner<H5Pclose>;

/// The innermost reason on HDF5's error stack.
std::string innermost_reason();

/// `result`, unless it is negative: then a Failure with HDF5's reason.
template <std::signed_integral Result>
Result check(Result result, std::source_location where = std::source_location::current()) {
  if (result < 0) throw Failure(innermost_reason(), where);
  return result;
}

/// Writes the file that `fill` makes out of an empty one's root group, by io/atomic_file.h.
/// MachineError if that fails; what was at `path` then stays whole.
void write_file(const std::filesystem::path& path, const std::function<void(hid_t root)>& fill);

/// Calls `use` with the root group. `what` is the file's kind in messages ("the run file").
/// UserError if the file is missing, no HDF5 file or damaged.
///
/// Crafted bytes make libhdf5 itself crash, and a seal proves nothing about a stranger's file: it
/// is a hash without a key. So `use` is called in a child process first (io/trial.h), and again
/// here if it comes to its end there: it must do the same each time, and nothing but read. Only a
/// sealed file of the program's own output is read at once, which takes half the time (a job that
/// goes on reads thousands), and one that a child has read already.
void read_file(const std::filesystem::path& path, const std::string& what, FileOrigin origin,
               const std::function<void(hid_t root)>& use);

}  // namespace headsweep::hdf5
