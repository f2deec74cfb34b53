// What can be done to an HDF5 file with HDF5's own functions: so that a fuzzer meets our checks of
// what a file holds, and not libhdf5's of its bytes.
#pragma once

#include <string>
#include <string_view>

namespace headsweep {

/// The file `image` after the edits that the bytes of `edits` stand for: objects and attributes
/// deleted, replaced by others of any type and shape, or by links; values overwritten. What HDF5
/// refuses is left out.
std::string edited(std::string image, std::string_view edits);

}  // namespace headsweep
