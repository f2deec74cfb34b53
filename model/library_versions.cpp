#include "model/library_versions.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <array>

#include <pcre2.h>
#include <utf8proc.h>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/onednn_backend.h"
#include "kernels/cuda_plugin.h"

namespace headsweep {
namespace {

std::string pcre2_version() {
  std::array<PCRE2_UCHAR, 64> text{};  // "10.42 2022-12-11"
  pcre2_config(PCRE2_CONFIG_VERSION, text.data());
  const std::string all = reinterpret_cast<const char*>(text.data());
  return all.substr(0, all.find(' '));
}

}  // namespace

LibraryVersions compute_library_versions() {
  const LoadedPlugin& plugin = cuda_plugin();
  const CudaVersions cuda = plugin.functions ? plugin.functions->versions() : CudaVersions{};
  return {{"oneDNN", cpu::onednn_version()},
          {"OpenMP", cpu::openmp_version()},
          {"PCRE2", pcre2_version()},
          {"utf8proc", utf8proc_version()},
          {"CUDA", cuda.runtime},
          {"CUDA driver", cuda.driver},
          {"cuBLASLt", cuda.cublas_lt},
          {"cuDNN", cuda.cudnn}};
}

std::string why_no_cuda_plugin() { return cuda_plugin().reason; }

}  // namespace headsweep
