// What a test has tried, and what came of it: a row of the table in docs/faults.md
// (scripts/fault_table.py).
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace headsweep {

/// Called after the test has seen the outcome. Both are phrases that are the same in every run: no
/// times, no temporary folders. `kind`: input, path, fault, warning or load, as in
/// tests/program/tried.py.
inline void tried(const std::string& kind, const std::string& what, const std::string& outcome) {
  const char* folder = std::getenv("HEADSWEEP_TRIED");
  if (!folder) return;
  std::filesystem::create_directories(folder);
  const std::string test = program_invocation_short_name;
  std::ofstream(std::filesystem::path(folder) / (test + ".tsv"), std::ios::app)
      << kind << '\t' << what << '\t' << outcome << '\t' << test << '\n';
}

}  // namespace headsweep
