// The backend with oneDNN's products, where the program has them: the bundle's has not, for which
// oneDNN is too large. A program is linked with one of the two.
#pragma once

#include <memory>
#include <string>

#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

bool has_onednn();

/// Of the loaded library: "2.6.0"; empty without one.
std::string onednn_version();

/// In bf16 and bf16x3; only where has_onednn().
std::unique_ptr<Backend> make_onednn_backend(int threads, Rung rung);

}  // namespace headsweep::cpu
