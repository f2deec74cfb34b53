#include "io/program_versions.h"

#include <string_view>

#include <H5public.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "io/written_json.h"

namespace headsweep {
namespace {

Json known(std::string_view version) { return version.empty() ? Json() : Json(version); }

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  return H5get_libversion(&major, &minor, &release) < 0
             ? ""
             : fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace

std::string to_json(const ProgramVersions& versions) {
  const std::string_view program = versions.program;
  const auto plus = program.find('+');  // before git's commit
  Json libraries = Json::object();
  for (const auto& [name, version] : versions.libraries) libraries[name] = known(version);
  return written({{"program", program},
                  {"version", program.substr(0, plus)},
                  {"commit", plus == program.npos ? Json() : Json(program.substr(plus + 2))},
                  {"compiler", versions.compiler},
                  {"build_type", versions.build_type},
                  {"libraries", std::move(libraries)},
                  {"without_cuda", known(versions.without_cuda)}});
}

LibraryVersions file_library_versions() {
  return {{"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                              FMT_VERSION % 100)},
          {"HDF5", hdf5_version()},
          {"nlohmann_json", nlohmann::json::meta().at("version").at("string")},
          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"yaml-cpp", HEADSWEEP_YAML_CPP_VERSION}};  // which has neither a function nor a macro
}

}  // namespace headsweep
