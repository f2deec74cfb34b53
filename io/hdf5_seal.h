// The line behind the end of the HDF5 data that notices damage before HDF5 sees a byte.
#pragma once

#include <string>
#include <string_view>

namespace headsweep::hdf5 {

/// The line that belongs behind `image`: "\nheadsweep sha256 <hash>\n".
std::string seal_of(std::string_view image);

/// Takes the seal off; whether there was one. A file without is as another program left it. A
/// Failure if the seal is not that of the bytes before it, or is damaged itself.
bool take_seal_off(std::string& bytes);

}  // namespace headsweep::hdf5
