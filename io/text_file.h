// Whole small files as text.
#pragma once

#include <filesystem>
#include <string>

namespace headsweep {

/// The file's bytes. UserError if it is missing, no regular file, may not be read, or is larger
/// than `most_bytes`; MachineError if reading fails; `what` says what it was wanted for ("the job
/// file").
std::string read_text(const std::filesystem::path& path, const std::string& what,
                      std::size_t most_bytes = std::size_t{256} << 20);

}  // namespace headsweep
