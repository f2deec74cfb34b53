#include "io/found_comparisons.h"

#include <set>

#include <fmt/format.h>

#include "io/analysis_file.h"
#include "io/errors.h"
#include "io/result_format.h"

namespace headsweep {
namespace {

/// The comparison's circuits, if one of them is not what the run of its name has found.
std::string problem_of(const ComparisonRecord& comparison, const std::vector<FoundRun>& runs) {
  for (std::size_t i = 0; i < comparison.circuits.size(); ++i) {
    bool is_there = false, is_same = false;
    for (const FoundRun& run : runs) {
      if (!run.record || run.name != comparison.circuits[i]) continue;
      is_there = true;
      is_same = is_same || circuit_sha256(*run.record) == comparison.run_sha256[i];
    }
    if (is_there && !is_same)
      return fmt::format("is of another run of the name {}: compare these runs again",
                         comparison.circuits[i]);
  }
  return "";
}

FoundComparison checked(const std::filesystem::path& file, const std::vector<FoundRun>& runs) {
  FoundComparison found = {file, read_comparison_file(file), ""};
  const std::string problem = problem_of(*found.record, runs);
  if (problem.empty()) return found;
  return {file, std::nullopt, fmt::format("{}: {}", file.string(), problem)};
}

FoundComparison beside_an_index(const std::filesystem::path& file,
                                const std::vector<FoundRun>& runs) {
  try {
    return checked(file, runs);
  } catch (const UserError& error) {
    return {file, std::nullopt, error.what()};
  }
}

}  // namespace

std::vector<FoundComparison> find_comparisons(const std::vector<std::filesystem::path>& paths,
                                              const std::vector<FoundRun>& runs) {
  std::set<std::filesystem::path> seen;
  std::vector<FoundComparison> found;
  const auto is_new = [&](const std::filesystem::path& file) {
    return seen.insert(identity_of(file)).second;
  };
  for (const auto& path : paths) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    const std::string format = is_folder ? index_format : result_format(path);
    if (format == comparison_format) {
      if (is_new(path)) found.push_back(checked(path, runs));
    } else if (format == index_format) {
      const auto file = comparison_path_in(is_folder ? path : path.parent_path());
      if (std::filesystem::exists(file, ignored) && is_new(file))
        found.push_back(beside_an_index(file, runs));
    }
  }
  return found;
}

}  // namespace headsweep
