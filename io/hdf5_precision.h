// The ladder of precisions of a run in HDF5: the group /precision, with a list for each of a rung's
// values.
#pragma once

#include <vector>

#include "io/hdf5_file.h"
#include "io/run_record.h"

namespace headsweep::hdf5 {

void write_rungs(hid_t root, const std::vector<RungRecord>& rungs);
std::vector<RungRecord> read_rungs(hid_t root);

}  // namespace headsweep::hdf5
