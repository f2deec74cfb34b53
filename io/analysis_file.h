// What analyses found out, in HDF5: of a run beside its file, of several runs beside their index.
// Schema: io/README.md.
#pragma once

#include <filesystem>
#include <string>

#include "io/analysis_record.h"
#include "io/file_origin.h"

namespace headsweep {

/// "runs/demo/even.file.T3.h5": "runs/demo/even.file.T3.analysis.h5"; and back.
std::filesystem::path analysis_path_of(const std::filesystem::path& run_file);
std::filesystem::path run_file_of(const std::filesystem::path& analysis_file);

/// comparison.h5
std::filesystem::path comparison_path_in(const std::filesystem::path& folder);

/// As write_run_file() and read_run_file(): whole or not at all, MachineError if it cannot be
/// written; UserError if it is missing, damaged or something else. A subset of the circuit comes
/// back in order.
void write_analysis_file(const AnalysisRecord& record, const std::filesystem::path& path);
AnalysisRecord read_analysis_file(const std::filesystem::path& path,
                                  FileOrigin origin = FileOrigin::anywhere);
void write_comparison_file(const ComparisonRecord& record, const std::filesystem::path& path);
ComparisonRecord read_comparison_file(const std::filesystem::path& path,
                                      FileOrigin origin = FileOrigin::anywhere);

/// Over all that analyses follow from: the model, the prompts, what is ablated and how, and the
/// decisions with their scores. Runs with the same sum have the same circuit.
std::string circuit_sha256(const RunRecord& run);

/// How an analysis's identity begins: "model_sha256", "prompts_sha256", and "run_sha256", which is
/// circuit_sha256(). Whoever makes the analysis adds "program", "rung" and what subsets it drew.
NamedValues analysed_run(const RunRecord& run);

/// Whether the analysis is of this run as it is now.
bool is_about(const AnalysisRecord& analysis, const RunRecord& run);

}  // namespace headsweep
