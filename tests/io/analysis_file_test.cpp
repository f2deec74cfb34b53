#include "io/analysis_file.h"

#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <gmock/gmock.h>

#include "io/errors.h"
#include "io/result_format.h"
#include "io/run_file.h"
#include "tests/complaints.h"
#include "tests/run_command.h"
#include "tests/small_analysis.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Numbers that text would not keep.
AnalysisRecord example() {
  AnalysisRecord record = small_analysis();
  record.full = 1.0 / 3;
  record.everything = 0.1;
  record.empty = -0.0;
  record.knockouts[2].alone = 5e-324;
  record.completeness[1].model = -1e300;
  record.minimality[0].without = 2.0 / 3;
  record.sizes[0].fraction = 0.001;
  return record;
}

/// MLPs take part, and heads at each position by themselves.
AnalysisRecord with_mlps_and_positions() {
  AnalysisRecord record = small_analysis();
  record.components = Components::heads_and_mlps;
  record.granularity = Granularity::position;
  record.knockouts = {{{0, RunComponent::mlp}, 1, 2}, {{0, 1, 0}, 3, 4}, {{0, 1, 1}, 5, 6}};
  record.completeness = {
      {CompletenessRecord::Choice::whole, {{0, RunComponent::mlp}, {0, 1, 1}}, 7, 8}};
  record.minimality = {{{0, 1, 1}, {{0, RunComponent::mlp}}, 9, 10}};
  return record;
}

class AnalysisFile : public testing::Test {
 protected:
  fs::path path() const { return temporary_.path() / "a.analysis.h5"; }

  template <class Read>
  static std::string complaint(const fs::path& path, Read read) {
    return complaint_about(path, [&] { read(path, FileOrigin::anywhere); });
  }

  std::string complaint_when_written(const AnalysisRecord& record) const {
    return complaint_about<MachineError>(path(), [&] { write_analysis_file(record, path()); });
  }

  std::string complaint_when_written(const ComparisonRecord& record) const {
    return complaint_about<MachineError>(path(), [&] { write_comparison_file(record, path()); });
  }

  void expect_round_trip(const AnalysisRecord& record) const {
    write_analysis_file(record, path());
    EXPECT_EQ(read_analysis_file(path()), record);
  }

  const TemporaryFolder temporary_;
};

std::string content(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_F(AnalysisFile, ReadsBackWhatWasWrittenToTheBit) {
  expect_round_trip(example());
  EXPECT_TRUE(std::signbit(read_analysis_file(path()).empty));
}

TEST_F(AnalysisFile, HoldsMlpsAndHeadsAtSinglePositions) {
  expect_round_trip(with_mlps_and_positions());
}

TEST_F(AnalysisFile, HoldsAnyOfTheAnalysesAlone) {
  AnalysisRecord nothing = example();
  nothing.knockouts.clear();
  nothing.completeness.clear();
  nothing.minimality.clear();
  nothing.sizes.clear();
  expect_round_trip(nothing);
  AnalysisRecord one = nothing;
  one.sizes = example().sizes;
  expect_round_trip(one);
  one = nothing;
  one.knockouts = example().knockouts;
  expect_round_trip(one);
  one = nothing;
  one.minimality = example().minimality;
  expect_round_trip(one);
  one = nothing;
  one.completeness = {{CompletenessRecord::Choice::whole, {}, 1, 1}};  // an empty circuit's
  expect_round_trip(one);
}

TEST_F(AnalysisFile, BringsSubsetsBackInOrder) {
  AnalysisRecord record = example();
  record.completeness[2].removed = {{1, 1}, {0, 1}};
  write_analysis_file(record, path());
  EXPECT_EQ(read_analysis_file(path()), example());
}

TEST_F(AnalysisFile, RefusesToHoldWhatCannotBe) {
  const auto refused = [&](auto change) {
    AnalysisRecord record = example();
    change(record);
    return complaint_when_written(record);
  };
  EXPECT_THAT(refused([](auto& record) { record.full = 0; }), HasSubstr("full model is 0"));
  EXPECT_THAT(refused([](auto& record) { record.circuit = NAN; }), HasSubstr("circuit is not a"));
  EXPECT_THAT(refused([](auto& record) { record.layers = 2000; }), HasSubstr("2000 layers"));
  EXPECT_THAT(refused([](auto& record) { record.knockouts[1].alone = INFINITY; }),
              HasSubstr("knockouts: alone is not a number (inf)"));
  EXPECT_THAT(refused([](auto& record) { record.knockouts[1].component.layer = 2; }),
              HasSubstr("knockouts: component (2, 1, -1) takes no part"));
  EXPECT_THAT(refused([](auto& record) {
                record.knockouts[1].component = {0, 0};
              }),
              HasSubstr("knockouts: component (0, 0, -1) occurs twice"));
  EXPECT_THAT(refused([](auto& record) { record.knockouts[1].component.head = -1; }),
              HasSubstr("component (0, -1, -1) takes no part"))
      << "no MLP does here";
  EXPECT_THAT(refused([](auto& record) { record.completeness[0].removed[0].position = 0; }),
              HasSubstr("completeness: component (0, 1, 0) takes no part"));
  EXPECT_THAT(refused([](auto& record) {
                record.minimality[1].removed = {{1, 1}};
              }),
              HasSubstr("minimality: a component is among those that are removed before it"));
  EXPECT_THAT(refused([](auto& record) { record.sizes[1].fraction = 0.001; }),
              HasSubstr("sizes: fraction 0.001 is not above the one before"));
  EXPECT_THAT(refused([](auto& record) { record.sizes[1].fraction = NAN; }),
              HasSubstr("sizes: fraction nan"));
  EXPECT_THAT(refused([](auto& record) { record.family = std::string("a\0b", 3); }),
              HasSubstr("NUL"));
  AnalysisRecord record = with_mlps_and_positions();
  record.knockouts[1].component.position = 2;
  EXPECT_THAT(complaint_when_written(record), HasSubstr("component (0, 1, 2) takes no part"));
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(AnalysisFile, WithGarbledBytesIsRefusedOrWhole) {
  write_analysis_file(example(), path());
  const std::string whole = content(path());
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string garbled = whole;
    char& byte = garbled[random() % garbled.size()];
    byte = static_cast<char>(byte ^ (1U << random() % 8));
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << garbled;
    const bool accepted = complaint(path(), read_analysis_file).empty();
    EXPECT_TRUE(!accepted || read_analysis_file(path()) == example()) << i;
  }
}

TEST_F(AnalysisFile, ThatIsSomethingElseIsTheUsersMistake) {
  EXPECT_THAT(complaint(path(), read_analysis_file), HasSubstr("the analysis does not exist"));
  write_run_file(small_run(), path());
  EXPECT_THAT(complaint(path(), read_analysis_file),
              HasSubstr("is not a headsweep analysis (it is a headsweep run)"));
  EXPECT_THAT(complaint(path(), read_comparison_file), HasSubstr("is not a headsweep comparison"));
  EXPECT_NE(result_format(path()), analysis_format);
  EXPECT_NE(result_format(path()), comparison_format);
  write_analysis_file(example(), path());
  EXPECT_EQ(result_format(path()), analysis_format);
  EXPECT_NE(result_format(path()), comparison_format);
}

constexpr const char* reading_script = R"(
import sys, h5py
f = h5py.File(sys.argv[1], 'r')
a = f.attrs
assert (a['format'], a['format_version']) == ('headsweep analysis', 1), dict(a)
assert (a['run'], a['family'], a['corruption'], a['threshold']) == ('even.repeat_last.T3', 'even', 'repeat_last', 3.0)
assert (a['layers'], a['heads'], a['components'], a['granularity']) == (2, 3, 'heads', 'component')
assert (a['full'], a['everything'], a['circuit'], a['empty']) == (1.0 / 3, 0.1, 2.45625, 0)
assert list(f['identity'].attrs) == ['model_sha256', 'prompts_sha256', 'run_sha256', 'program', 'rung']
assert list(f['position_names'].asstr()[:]) == ['S1', 'end']
assert f['members'][:].tolist() == [[0, 1, -1], [1, 1, -1]] and f['members'].dtype == 'int32'
k = f['knockouts']
assert k['component'][:, :2].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
assert k['without'][:].tolist() == [2.6, 0.75, 2.475, 2.45, 1.5, 2.5] and k['alone'][2] == 5e-324
c = f['completeness']
assert list(c['choice'].asstr()[:]) == ['random', 'greedy', 'whole']
assert c['removed'].dtype == bool and c['removed'][:].tolist() == [[True, False], [False, True], [True, True]]
assert f['members'][:][c['removed'][1]].tolist() == [[1, 1, -1]]
assert c['circuit'][:].tolist() == [0.5, 1.25, -0.5] and c['model'][:].tolist() == [0.625, -1e300, -0.375]
m = f['minimality']
assert m['component'][:].tolist() == f['members'][:].tolist() and m['removed'][:].tolist() == [[False, False], [True, False]]
assert m['with'][:].tolist() == [2.45625, 0.75] and m['without'][:].tolist() == [2.0 / 3, 0.25]
s = f['sizes']
assert s['fraction'][:].tolist() == [0.001, 0.5, 1] and s['kept'][:].tolist() == [1, 3, 6] and s['mean'][:].tolist() == [0.25, 2.2, 2.5]
for name in ('members', 'knockouts/without', 'completeness/removed', 'minimality/with', 'sizes/mean'):
    assert f[name].fletcher32, name
)";

TEST_F(AnalysisFile, OpensInH5pyWithTheDocumentedSchema) {
  if (!has_h5py()) GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  write_analysis_file(example(), path());
  const fs::path script = temporary_.write("read.py", reading_script);
  const auto [output, success] =
      run_command("/usr/bin/python3 '" + script.string() + "' '" + path().string() + "'");
  EXPECT_TRUE(success) << output;
}

// Each changes the open file f; the copies are named after them.
const std::map<std::string, std::pair<const char*, const char*>> changes = {
    {"nothing", {"f.attrs['note'] = 'mine'", ""}},
    {"newer", {"f.attrs['format_version'] = 2", "is of format version 2"}},
    {"no_full", {"del f.attrs['full']", "attribute 'full' is missing"}},
    {"granularity", {"f.attrs['granularity'] = 'x'", "the granularity 'x' does not exist"}},
    {"no_members", {"del f['members']", "'members' is missing"}},
    {"members",
     {"del f['members']; f['members'] = [[0, 1, -1], [1, 2, -1]]",
      "'members' does not follow from the subsets"}},
    {"members_order",
     {"x = f['members'][:][::-1]; del f['members']; f['members'] = x",
      "'members' does not follow from the subsets"}},
    {"one_member",
     {"del f['members']; f['members'] = [[0, 1, -1]]",
      "'removed' has the shape (3, 2), not (3, 1)"}},
    {"no_knockouts", {"del f['knockouts']", "'knockouts' is missing"}},
    {"pairs",
     {"del f['knockouts/component']; f['knockouts/component'] = [[0, 1]]",
      "'component' has the shape (1, 2), not"}},
    {"fewer",
     {"del f['knockouts/alone']; f['knockouts/alone'] = [1.0]",
      "'alone' has the shape (1), not (6)"}},
    {"nan", {"f['knockouts/without'][0] = float('nan')", "without is not a number (nan)"}},
    {"choice", {"f['completeness/choice'][0] = 'best'", "the choice 'best' does not exist"}},
    {"truth",
     {"x = f['completeness/removed']; y = x[:].astype('i1'); del f['completeness/removed']; "
      "f['completeness/removed'] = y",
      "'removed' has the wrong type"}},
    {"seven",
     {"x = f['completeness/removed'][:]; x.view('i1')[0] = 7; f['completeness/removed'][...] = x",
      "'removed' has an entry that is neither TRUE nor FALSE"}},
    {"itself", {"f['minimality/removed'][0, 0] = True", "among those that are removed before it"}},
    {"kept", {"f['sizes/kept'][0] = -1", "sizes: -1 components are kept"}},
    {"huge",
     {"del f['sizes/mean']; f.create_dataset('sizes/mean', (1 << 40,), 'f8', chunks=(1024,))",
      "has the shape (1099511627776), not (3)"}},
};

TEST_F(AnalysisFile, ChangedWithH5pyIsReadOrRefusedWithTheReason) {
  if (!has_h5py()) GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  write_analysis_file(example(), path());
  std::stringstream script;
  script << "import h5py, numpy\n";
  const auto changed = [&](const std::string& name) { return temporary_.path() / (name + ".h5"); };
  for (const auto& [name, change] : changes) {
    fs::copy_file(path(), changed(name));
    script << "f = h5py.File('" << changed(name).string() << "', 'r+')\n"
           << change.first << "\nf.close()\n";
  }
  const fs::path written = temporary_.write("change.py", script.str());
  const auto [output, success] = run_command("/usr/bin/python3 '" + written.string() + "'");
  ASSERT_TRUE(success) << output;
  for (const auto& [name, change] : changes) {
    const std::string message = complaint(changed(name), read_analysis_file);
    if (std::string(change.second).empty())
      EXPECT_TRUE(message.empty()) << message;
    else
      EXPECT_THAT(message, HasSubstr(change.second)) << name;
  }
}

TEST_F(AnalysisFile, LiesBesideItsRun) {
  EXPECT_EQ(analysis_path_of("runs/demo/even.file.T2.5.h5"),
            "runs/demo/even.file.T2.5.analysis.h5");
  EXPECT_EQ(run_file_of("runs/demo/even.file.T2.5.analysis.h5"), "runs/demo/even.file.T2.5.h5");
  EXPECT_EQ(comparison_path_in("runs/demo"), "runs/demo/comparison.h5");
}

using ComparisonFile = AnalysisFile;

TEST_F(ComparisonFile, ReadsBackWhatWasWrittenAlsoWhatMeansNothing) {
  ComparisonRecord record = small_comparison();
  record.means[0][1] = 1.0 / 3;
  write_comparison_file(record, path());
  const ComparisonRecord read = read_comparison_file(path());
  EXPECT_EQ(read.identity, record.identity);
  EXPECT_EQ(read.provenance, record.provenance);
  EXPECT_EQ(read.circuits, record.circuits);
  EXPECT_EQ(read.run_sha256, record.run_sha256);
  EXPECT_EQ(read.families, record.families);
  EXPECT_EQ(read.full, record.full);
  EXPECT_EQ(read.empty, record.empty);
  ASSERT_THAT(read.means, ElementsAre(ElementsAre(2.45625, 1.0 / 3), SizeIs(2)));
  EXPECT_TRUE(std::isnan(read.means[1][0]));
  EXPECT_EQ(read.means[1][1], 3.9);
  EXPECT_EQ(result_format(path()), comparison_format);
  EXPECT_NE(result_format(path()), analysis_format);
}

TEST_F(ComparisonFile, MayBeEmpty) {
  write_comparison_file({}, path());
  EXPECT_THAT(read_comparison_file(path()).means, IsEmpty());
}

TEST_F(ComparisonFile, RefusesToHoldWhatCannotBe) {
  const auto refused = [&](auto change) {
    ComparisonRecord record = small_comparison();
    change(record);
    return complaint_when_written(record);
  };
  EXPECT_THAT(refused([](auto& record) { record.means.pop_back(); }),
              HasSubstr("2 circuits have 1 rows of means"));
  EXPECT_THAT(refused([](auto& record) { record.means[1].pop_back(); }),
              HasSubstr("a circuit has 1 means on 2 families"));
  EXPECT_THAT(refused([](auto& record) { record.means[0][0] = INFINITY; }),
              HasSubstr("mean is infinite"));
  EXPECT_THAT(refused([](auto& record) { record.full[1] = NAN; }),
              HasSubstr("odd.shuffle: the mean of the full model is not a number"));
  EXPECT_THAT(refused([](auto& record) { record.empty.clear(); }), HasSubstr("2 families have 2"));
  EXPECT_THAT(refused([](auto& record) { record.run_sha256.clear(); }),
              HasSubstr("2 runs have 0 sums"));
}

TEST(CircuitSum, IsTheSameForTheSameDecisionsWhateverWhereAndWhen) {
  RunRecord again = small_run();
  again.provenance.clear();
  again.audit.clear();
  again.threshold = 2;  // that would have decided the same
  again.decisions[0].seconds = 77;
  EXPECT_EQ(circuit_sha256(again), circuit_sha256(small_run()));
  EXPECT_THAT(circuit_sha256(again), SizeIs(64));
}

TEST(CircuitSum, DiffersWithWhateverAnalysesFollowFrom) {
  const auto differs = [](auto change) {
    RunRecord run = small_run();
    change(run);
    return circuit_sha256(run) != circuit_sha256(small_run());
  };
  EXPECT_TRUE(differs([](auto& run) { run.decisions[5].removed = false; }));
  EXPECT_TRUE(differs([](auto& run) { run.decisions[5].score_percent += 1e-12; }));
  EXPECT_TRUE(differs([](auto& run) { run.decisions.pop_back(); }));
  EXPECT_TRUE(differs([](auto& run) { std::swap(run.decisions[0], run.decisions[1]); }));
  EXPECT_TRUE(differs([](auto& run) { run.identity[1].second = "another model"; }));
  EXPECT_TRUE(differs([](auto& run) { run.identity[3].second = "other prompts"; }));
  EXPECT_TRUE(differs([](auto& run) { run.identity.emplace_back("ablation", "zero"); }));
  EXPECT_TRUE(differs([](auto& run) { run.identity.emplace_back("resample", "3 of seed 7"); }));
}

TEST(CircuitSum, SaysWhichRunAnAnalysisIsAbout) {
  const RunRecord run = small_run();
  EXPECT_TRUE(is_about(small_analysis(run), run));
  RunRecord other = run;
  other.decisions[5].removed = false;
  EXPECT_FALSE(is_about(small_analysis(run), other));
  EXPECT_FALSE(is_about(AnalysisRecord{}, run));
}

}  // namespace
}  // namespace headsweep
