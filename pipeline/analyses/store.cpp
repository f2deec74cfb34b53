#include "pipeline/analyses/store.h"

#include <utility>

#include "headsweep/version.h"
#include <fmt/format.h>

#include "io/analysis_file.h"

namespace headsweep {
namespace {

NamedValues values_of(const SubsetDraws& draws) {
  return {{"random", fmt::format("{}", draws.random)},
          {"restarts", fmt::format("{}", draws.restarts)},
          {"iterations", fmt::format("{}", draws.iterations)},
          {"candidates", fmt::format("{}", draws.candidates)},
          {"seed", fmt::format("{}", draws.seed)}};
}

NamedValues identity_of(const RunRecord& run, Rung rung) {
  NamedValues identity = {{"program", std::string(program_version)}, {"rung", name_of(rung)}};
  for (auto& pair : analysed_run(run)) identity.push_back(std::move(pair));
  return identity;
}

}  // namespace

std::vector<std::string> circuit_sums(const std::vector<FoundRun>& runs) {
  std::vector<std::string> sums;
  for (const FoundRun& run : runs) sums.push_back(circuit_sha256(*run.record));
  return sums;
}

AnalysisRecord stored_or_new_analyses(const FoundRun& run, Rung rung) {
  const RunRecord& record = *run.record;
  NamedValues identity = identity_of(record, rung);
  if (run.analysis && includes(run.analysis->identity, identity)) return *run.analysis;
  AnalysisRecord fresh;
  fresh.identity = std::move(identity);
  fresh.run = run.name;
  fresh.family = run.family;
  fresh.corruption = run.corruption;
  fresh.threshold = run.threshold;
  fresh.layers = record.layers;
  fresh.heads = record.heads;
  fresh.components = record.components;
  fresh.granularity = record.granularity;
  fresh.position_names = record.position_names;
  return fresh;
}

void save_analyses(const AnalysisRecord& record, const FoundRun& run) {
  write_analysis_file(record, analysis_path_of(run.file));
}

NamedValues comparison_identity(const std::vector<FoundRun>& runs, Rung rung) {
  return {{"program", std::string(program_version)},
          {"rung", name_of(rung)},
          {"model_sha256", value_of(runs.front().record->identity, "model_sha256", "")}};
}

std::optional<ComparisonRecord> stored_comparison(const std::vector<FoundRun>& runs, Rung rung,
                                                  const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at is refused when it is written
  if (path.empty() || !std::filesystem::exists(path, ignored)) return std::nullopt;
  ComparisonRecord found = read_comparison_file(path, FileOrigin::own_output);
  std::vector<std::string> names;
  for (const FoundRun& run : runs) names.push_back(run.name);
  if (!includes(found.identity, comparison_identity(runs, rung)) || found.circuits != names ||
      found.run_sha256 != circuit_sums(runs))
    return std::nullopt;
  return found;
}

NamedValues with_draws(NamedValues identity, const SubsetDraws& draws) {
  for (const auto& [name, value] : values_of(draws)) {
    std::erase_if(identity, [&name = name](const auto& pair) { return pair.first == name; });
    identity.emplace_back(name, value);
  }
  return identity;
}

bool has_draws(const NamedValues& identity, const SubsetDraws& draws) {
  return includes(identity, values_of(draws));
}

}  // namespace headsweep
