// The analyses of a run in HDF5: the groups /knockouts, /completeness, /minimality and /sizes, and
// /members, the components of the circuit that subsets are made of.
#pragma once

#include "io/analysis_record.h"
#include "io/hdf5_file.h"

namespace headsweep::hdf5 {

/// Those of the record's vectors; the rest of it is for the caller.
void write_analyses(hid_t root, const AnalysisRecord& record);
void read_analyses(hid_t root, AnalysisRecord& record);

}  // namespace headsweep::hdf5
