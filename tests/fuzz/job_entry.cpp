// A job file, with what the command line sets in it. What is taken is written out and read again.
#include <algorithm>
#include <set>

#include "io/job.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/fuzz/input_parts.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

Overrides lines_of(std::string_view text) {
  Overrides lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void check_runs(const Job& job) {
  constexpr std::size_t most = 200;
  const std::vector<RunSpec> runs = runs_of(job);
  std::set<std::string> names;
  for (std::size_t i = 0; i < std::min(most, runs.size()); ++i) {
    const std::string name = run_name(job, runs[i]);
    expect(name.find('/') == name.npos, "a run's name that is a path");
    expect(names.insert(name).second, "two runs of one name");
  }
}

}  // namespace

void fuzz_job(std::string_view input) {
  static const TemporaryFolder folder;
  const auto [yaml, overrides] = parts_of<2>(input);
  const auto path = folder.write("job.yaml", yaml);
  Job job;
  if (!is_taken([&, overrides = overrides] { job = read_job(path, lines_of(overrides)); })) return;
  check_runs(job);
  const std::string written = resolved_job(job);
  // Not is_taken(): what the program writes itself it must not refuse.
  const Job again = read_job(folder.write("again.yaml", written));
  expect(resolved_job(again) == written, "a job that does not come back");
}

}  // namespace headsweep
