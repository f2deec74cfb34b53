#include "kernels/cuda_plugin.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "headsweep/version.h"
#include <dlfcn.h>
#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr const char* file_name = "libheadsweep_cuda.so";
constexpr const char* places_variable = "HEADSWEEP_PLUGINS";

std::vector<std::filesystem::path> places() {
  if (const char* folder = std::getenv(places_variable)) return {folder};
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  return {program, program.parent_path() / "lib" / "headsweep"};
}

void* handle = nullptr;

LoadedPlugin load() {
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

const LoadedPlugin& cuda_plugin() {
  static const LoadedPlugin plugin = load();
  return plugin;
}

GpuOutlook gpu_outlook() {
  const auto has_plugin = [](const std::filesystem::path& folder) {
    std::error_code unknown;
    return std::filesystem::exists(folder / file_name, unknown);
  };
  if (!std::ranges::any_of(places(), has_plugin)) return GpuOutlook::no_plugin;
  if (std::getenv(places_variable) != nullptr) return GpuOutlook::likely;
  std::error_code unknown;
  if (std::filesystem::exists("/dev/nvidiactl", unknown)) return GpuOutlook::likely;
  // Where a GPU hides behind another device file (WSL), its driver's library tells.
  return dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr ? GpuOutlook::likely
                                                                   : GpuOutlook::no_driver;
}

void* cuda_plugin_function(const char* name) {
  return handle == nullptr ? nullptr : dlsym(handle, name);
}

}  // namespace headsweep
