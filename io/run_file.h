// The run file: a RunRecord in HDF5, complete at every moment. Schema: io/README.md.
#pragma once

#include <filesystem>

#include "io/file_origin.h"
#include "io/run_record.h"

namespace headsweep {

/// Writes the whole record by temporary file, fsync, rename (io/atomic_file.h). MachineError if
/// that fails; the file that was there stays whole.
void write_run_file(const RunRecord& record, const std::filesystem::path& path);

/// UserError if the file is missing, no HDF5 file, damaged, not a headsweep run, or of a format
/// version that is newer or no longer read.
RunRecord read_run_file(const std::filesystem::path& path,
                        FileOrigin origin = FileOrigin::anywhere);

}  // namespace headsweep
