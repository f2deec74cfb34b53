// `headsweep version`: the program's version, how it was built, and the versions of its libraries.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace headsweep {

/// Names and versions; a version is empty where the library is not there.
using LibraryVersions = std::vector<std::pair<std::string, std::string>>;

struct ProgramVersions {
  std::string program;  // as --version prints it: "1.2.3+g1234567"
  std::string compiler, build_type;
  LibraryVersions libraries;
  std::string without_cuda;  // why the CUDA plugin's libraries are not there; empty: they are
};

std::string to_json(const ProgramVersions& versions);

/// Of fmt, HDF5, nlohmann/json, OpenSSL and yaml-cpp: as the loaded library says it, where it does.
LibraryVersions file_library_versions();

}  // namespace headsweep
