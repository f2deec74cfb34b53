// The libraries that compute: on the processor, on GPUs, and in the tokenizer.
#pragma once

#include "io/program_versions.h"

namespace headsweep {

/// OpenMP, oneDNN, PCRE2, utf8proc, and CUDA's, which are empty where the plugin cannot be loaded.
LibraryVersions compute_library_versions();

/// Why the plugin cannot be loaded; empty: it is.
std::string why_no_cuda_plugin();

}  // namespace headsweep
