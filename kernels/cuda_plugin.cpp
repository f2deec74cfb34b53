#include "kernels/cuda_plugin.h"

#include <cstdlib>
#include <filesystem>

#include <dlfcn.h>
#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr const char* file_name = "libheadsweep_cuda.so";

std::vector<std::filesystem::path> places() {
  if (const char* folder = std::getenv("HEADSWEEP_PLUGINS")) return {folder};
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  return {program, program.parent_path() / "lib" / "headsweep"};
}

void* handle = nullptr;

LoadedPlugin load(const std::string& program_version) {
  std::string looked;
  for (const auto& folder : places()) {
    const auto path = folder / file_name;
    looked += (looked.empty() ? "" : ", ") + folder.string();
    if (!std::filesystem::exists(path)) continue;
    // Its libraries' symbols stay its own.
    handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
      return {nullptr, fmt::format("{} cannot be loaded: {}", path.string(), dlerror())};
    using Entry = const CudaPlugin* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(handle, "headsweep_cuda_plugin"));
    if (entry == nullptr)
      return {nullptr, fmt::format("{} is no plugin of headsweep's", path.string())};
    const CudaPlugin* plugin = entry();
    if (program_version != plugin->program_version)
      return {nullptr,
              fmt::format("{} belongs to headsweep {}, and this is {}: build both together",
                          path.string(), plugin->program_version, program_version)};
    return {plugin, ""};
  }
  return {nullptr, fmt::format("{} is not in {}: it is built where nvcc, cuBLASLt, cuDNN and NCCL "
                               "are found (make says so in its last line)",
                               file_name, looked)};
}

}  // namespace

const LoadedPlugin& cuda_plugin(const std::string& program_version) {
  static const LoadedPlugin plugin = load(program_version);
  return plugin;
}

void* cuda_plugin_function(const char* name) {
  return handle == nullptr ? nullptr : dlsym(handle, name);
}

}  // namespace headsweep
