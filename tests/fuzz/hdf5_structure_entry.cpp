// Files of results that HDF5 finds in order, with other contents than ours: runs, analyses,
// comparisons, indices. The first byte says which of them, and the rest what is done to a good one.
#include <array>
#include <fstream>
#include <iterator>

#include "io/analysis_file.h"
#include "io/hdf5_seal.h"
#include "io/json_output.h"
#include "io/run_file.h"
#include "io/run_index.h"
#include "tests/fuzz/entries.h"
#include "tests/fuzz/expectations.h"
#include "tests/fuzz/hdf5_edits.h"
#include "tests/small_analysis.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using Path = std::filesystem::path;

std::string image_in(const Path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  hdf5::take_seal_off(bytes);
  return bytes;
}

RunRecord run_with_everything() {
  RunRecord run = small_run();
  run.single_removals = {{1, 0, 99.5, 0}, {1, 1, 50, 1}, {1, 2, 97, 0}};
  return run;
}

const std::vector<IndexEntry> small_index = {
    {"a", "a.h5", "even", "file", 3, "backward", "mean", "", "complete", "", 6, 2, 98},
    {"b", "b.h5", "odd", "file", 3, "backward", "mean", "", "failed", "why", 0, 0, 100}};

struct Kind {
  void (*write)(const Path& file);
  void (*read)(const Path& file);         // and what else is done with what was read
  void (*write_again)(const Path& file);  // what is taken: it must come back
};

constexpr FileOrigin own =
    FileOrigin::own_output;  // without a child process: it would hide crashes

const std::array kinds = {
    Kind{[](const Path& file) { write_run_file(run_with_everything(), file); },
         [](const Path& file) {
           const RunRecord run = read_run_file(file, own);
           circuit_score_percent(run);
           fragile_decisions(run, fragile_points);
           to_json(run);
         },
         [](const Path& file) {
           const RunRecord run = read_run_file(file, own);
           write_run_file(run, file);
           expect(to_json(read_run_file(file, own)) == to_json(run),
                  "a run that does not come back");
         }},
    Kind{[](const Path& file) { write_analysis_file(small_analysis(), file); },
         [](const Path& file) { read_analysis_file(file, own); },
         [](const Path& file) {
           const AnalysisRecord analysis = read_analysis_file(file, own);
           write_analysis_file(analysis, file);
           expect(read_analysis_file(file, own) == analysis, "an analysis that does not come back");
         }},
    Kind{[](const Path& file) { write_comparison_file(small_comparison(), file); },
         [](const Path& file) { read_comparison_file(file, own); },
         [](const Path& file) { write_comparison_file(read_comparison_file(file, own), file); }},
    Kind{[](const Path& file) { write_run_index(small_index, file); },
         [](const Path& file) { read_run_index(file, own); },
         [](const Path& file) { write_run_index(read_run_index(file, own), file); }}};

}  // namespace

void fuzz_hdf5_structure(std::string_view input) {
  static const TemporaryFolder folder;
  static const std::array images = [] {
    std::array<std::string, kinds.size()> all;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const auto file = folder.path() / "good.h5";
      kinds[i].write(file);
      all[i] = image_in(file);
    }
    return all;
  }();
  if (input.empty()) return;
  const std::size_t kind = static_cast<unsigned char>(input.front()) % kinds.size();
  std::string bytes = edited(images[kind], input.substr(1));
  bytes += hdf5::seal_of(bytes);
  const auto file = folder.write("edited.h5", bytes);
  const bool taken = is_taken([&] { kinds[kind].read(file); });
  // Not each time: to open a file takes HDF5 longer than all else.
  if (taken && input.size() % 4 == 1) kinds[kind].write_again(file);
}

}  // namespace headsweep
