#include "io/analysis_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/analysis_check.h"
#include "io/errors.h"
#include "io/hdf5_analyses.h"
#include "io/hdf5_attributes.h"
#include "io/hdf5_common.h"
#include "io/hdf5_datasets.h"
#include "io/result_format.h"
#include "io/sha256.h"

namespace headsweep {
namespace {

using namespace hdf5;

constexpr FormatVersions versions = {.oldest_read = 1, .written = 1};
constexpr const char* analysis_ending = ".analysis";

void write_record(hid_t root, const AnalysisRecord& record) {
  write_format(root, analysis_format, versions);
  write_attribute(root, "run", record.run);
  write_attribute(root, "family", record.family);
  write_attribute(root, "corruption", record.corruption);
  write_attribute(root, "threshold", record.threshold);
  write_shape(root, record);
  write_attribute(root, "full", record.full);
  write_attribute(root, "everything", record.everything);
  write_attribute(root, "circuit", record.circuit);
  write_attribute(root, "empty", record.empty);
  write_sources(root, record);
  write_texts(root, "position_names", {record.position_names.size()}, record.position_names);
  write_analyses(root, record);
}

AnalysisRecord read_analysis(hid_t root) {
  AnalysisRecord record;
  record.run = read_attribute<std::string>(root, "run");
  record.family = read_attribute<std::string>(root, "family");
  record.corruption = read_attribute<std::string>(root, "corruption");
  record.threshold = read_attribute<double>(root, "threshold");
  read_shape(root, record);
  record.full = read_attribute<double>(root, "full");
  record.everything = read_attribute<double>(root, "everything");
  record.circuit = read_attribute<double>(root, "circuit");
  record.empty = read_attribute<double>(root, "empty");
  read_sources(root, record);
  record.position_names = read_texts(root, "position_names", {any_extent});
  read_analyses(root, record);
  return record;
}

/// (circuits, families)
std::vector<double> flat(const ComparisonRecord& record) {
  std::vector<double> all;
  for (const auto& row : record.means) all.insert(all.end(), row.begin(), row.end());
  return all;
}

void write_record(hid_t root, const ComparisonRecord& record) {
  const hsize_t circuits = record.circuits.size(), families = record.families.size();
  write_format(root, comparison_format, versions);
  write_sources(root, record);
  write_texts(root, "circuits", {circuits}, record.circuits);
  write_texts(root, "run_sha256", {circuits}, record.run_sha256);
  write_texts(root, "families", {families}, record.families);
  write_numbers(root, "full", {families}, record.full);
  write_numbers(root, "empty", {families}, record.empty);
  write_numbers(root, "means", {circuits, families}, flat(record));
}

ComparisonRecord read_comparison(hid_t root) {
  ComparisonRecord record;
  read_sources(root, record);
  record.circuits = read_texts(root, "circuits", {any_extent});
  record.run_sha256 = read_texts(root, "run_sha256", {record.circuits.size()});
  record.families = read_texts(root, "families", {any_extent});
  const std::size_t families = record.families.size();
  record.full = read_numbers<double>(root, "full", {families});
  record.empty = read_numbers<double>(root, "empty", {families});
  const auto means = read_numbers<double>(root, "means", {record.circuits.size(), families});
  for (std::size_t circuit = 0; circuit < record.circuits.size(); ++circuit) {
    const auto begin = means.begin() + static_cast<std::ptrdiff_t>(circuit * families);
    record.means.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(families));
  }
  return record;
}

template <class Record>
void write_checked(const Record& record, const std::filesystem::path& path) {
  if (const std::string problem = first_problem(record); !problem.empty())
    throw MachineError(fmt::format("{}: not written: {}", path.string(), problem));
  write_file(path, [&](hid_t root) { write_record(root, record); });
}

template <class Record>
Record read_checked(const std::filesystem::path& path, FileOrigin origin, const char* what,
                    const char* format, Record (*read)(hid_t root)) {
  Record record;
  read_file(path, what, origin, [&](hid_t root) {
    demand_format(root, format, versions, path);
    record = read(root);
    if (const std::string problem = first_problem(record); !problem.empty()) throw Failure(problem);
  });
  return record;
}

std::string decisions_text(const RunRecord& run) {
  std::string text;
  for (const DecisionRecord& each : run.decisions)
    text += fmt::format("{}.{}.{} {} {}\n", each.layer, each.head, each.position,
                        each.score_percent, each.removed);
  return text;
}

}  // namespace

std::filesystem::path analysis_path_of(const std::filesystem::path& run_file) {
  return run_file.parent_path() / (run_file.stem().string() + analysis_ending + ".h5");
}

std::filesystem::path run_file_of(const std::filesystem::path& analysis_file) {
  // stem() takes an ending off: .h5, then .analysis.
  return analysis_file.parent_path() / (analysis_file.stem().stem().string() + ".h5");
}

std::filesystem::path comparison_path_in(const std::filesystem::path& folder) {
  return folder / "comparison.h5";
}

void write_analysis_file(const AnalysisRecord& record, const std::filesystem::path& path) {
  write_checked(record, path);
}

AnalysisRecord read_analysis_file(const std::filesystem::path& path, FileOrigin origin) {
  return read_checked(path, origin, "the analysis", analysis_format, read_analysis);
}

void write_comparison_file(const ComparisonRecord& record, const std::filesystem::path& path) {
  write_checked(record, path);
}

ComparisonRecord read_comparison_file(const std::filesystem::path& path, FileOrigin origin) {
  return read_checked(path, origin, "the comparison", comparison_format, read_comparison);
}

std::string circuit_sha256(const RunRecord& run) {
  std::string text = fmt::format("{} layers, {} heads, positions {}\n", run.layers, run.heads,
                                 fmt::join(run.position_names, " "));
  for (const char* key : {"model_sha256", "prompts_sha256", "resample", "components", "mlp_means",
                          "granularity", "ablation", "positions"})
    text += fmt::format("{}: {}\n", key, value_of(run.identity, key, ""));
  return sha256(text + decisions_text(run));
}

NamedValues analysed_run(const RunRecord& run) {
  return {{"model_sha256", value_of(run.identity, "model_sha256", "")},
          {"prompts_sha256", value_of(run.identity, "prompts_sha256", "")},
          {"run_sha256", circuit_sha256(run)}};
}

bool is_about(const AnalysisRecord& analysis, const RunRecord& run) {
  return includes(analysis.identity, analysed_run(run));
}

}  // namespace headsweep
