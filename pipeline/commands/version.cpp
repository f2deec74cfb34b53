#include "headsweep/version.h"

#include <fmt/format.h>

#include "io/printable.h"
#include "io/program_versions.h"
#include "model/library_versions.h"
#include "pipeline/commands.h"
#include "pipeline/ranks/device_broadcast.h"
#include "pipeline/ranks/open_ranks.h"

namespace headsweep {
namespace {

std::string nccl_version() {
  const Nccl* nccl = why_no_cuda_plugin().empty() ? nccl_of_plugin() : nullptr;
  if (nccl == nullptr) return "";
  const std::string text = nccl->version();  // "NCCL 2.28.9"
  return text.substr(text.find(' ') + 1);
}

/// Of all that the program is linked to, or has loaded.
ProgramVersions versions(const std::string& cli11_version) {
  const std::string mpi = mpi_description();
  ProgramVersions all = {.program = std::string(program_version),
                         .compiler = HEADSWEEP_COMPILER,
                         .build_type = HEADSWEEP_BUILD_TYPE,
                         .libraries = {{"MPI", mpi == "none" ? "" : mpi}, {"CLI11", cli11_version}},
                         .without_cuda = why_no_cuda_plugin()};
  const auto add = [&](const LibraryVersions& more) {
    all.libraries.insert(all.libraries.end(), more.begin(), more.end());
  };
  add(file_library_versions());
  add(compute_library_versions());
  add({{"NCCL", nccl_version()}});
  return all;
}

}  // namespace

void version_command(const std::string& cli11_version, Format format) {
  const ProgramVersions all = versions(cli11_version);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(all));
    return;
  }
  fmt::print("headsweep {}, {} build by {}\n", all.program, all.build_type, all.compiler);
  for (const auto& [name, version] : all.libraries)
    fmt::print("  {:14}{}\n", name, version.empty() ? "none" : version);
  if (!all.without_cuda.empty()) print_text(stdout, "without CUDA: {}\n", all.without_cuda);
}

}  // namespace headsweep
