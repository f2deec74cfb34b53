#include "io/run_file.h"

#include <cmath>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <tuple>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "io/errors.h"
#include "io/hdf5_seal.h"
#include "io/run_index.h"
#include "tests/complaints.h"
#include "tests/run_command.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

bool same(const PromptRecord& a, const PromptRecord& b) {
  const auto fields = [](const PromptRecord& prompt) {
    return std::tie(prompt.text, prompt.answer, prompt.distractor, prompt.template_id,
                    prompt.tokens, prompt.answer_token, prompt.distractor_token, prompt.positions);
  };
  return fields(a) == fields(b);
}

bool same(const RunRecord& a, const RunRecord& b) {
  const auto fields = [](const RunRecord& run) {
    return std::tie(run.status, run.identity, run.provenance, run.hosts, run.job, run.family,
                    run.layers, run.heads, run.components, run.granularity, run.threshold,
                    run.position_names, run.full_mean, run.full_per_prompt, run.rungs,
                    run.decisions, run.single_removals, run.audit, run.work);
  };
  const auto same_prompt = [](const auto& x, const auto& y) { return same(x, y); };
  return fields(a) == fields(b) && std::ranges::equal(a.clean, b.clean, same_prompt) &&
         std::ranges::equal(a.corrupted, b.corrupted, same_prompt);
}

PromptRecord prompt(const std::string& text, std::vector<int> tokens) {
  PromptRecord prompt{text, "8", "2", 1, std::move(tokens), 807, 362, {0, 2}};
  return prompt;
}

RunRecord example() {
  RunRecord run;
  run.status = RunStatus::stopped;
  for (const char* name : {"weights", "tokenizer", "zebra", "apple", "processing", "ablation",
                           "positions", "threshold", "order", "prompts", "a"})
    run.identity.emplace_back(name, std::string(name) + "'s value");
  run.provenance = {{"started", "2024-01-01"}, {"host", "n\u00e9\u4e2d"}, {"empty", ""}};
  run.hosts = {"node1", "n\u00e9\u4e2d"};
  run.job = "model: {path: x}\nfamilies: []\n";
  run.family = "even-step2";
  run.layers = 2;
  run.heads = 3;
  run.threshold = 3.0;
  run.position_names = {"S1", "end"};
  run.clean = {prompt("2 4 6", {17, 604, 718}), prompt("3 5", {18, 642}), prompt("", {})};
  run.corrupted = {prompt("2 2 \"\u00fc\"\n", {17, 362, 362, 1})};
  run.full_mean = 1.0 / 3;
  run.full_per_prompt = {0.1, -0.0, 5e-324};
  run.rungs = {{"bf16", 0.3, 0.05, 0.21}, {"fp32", 1, 0.1 / 3, 1.0 / 7000}, {"fp64", 2.5, 0, 0}};
  run.decisions = {
      {1, 2, 98.76543210987654, -1.7654321098765375, true, 0.25, 1, 0, 0, {0.3, 1e300, -2}},
      {1, 0, 12.5, 84.5, false, 0.5, 1, 5, 1, {1, 2, 3}, 1, 1.0 / 7000},
      {0, 1, 101.0 / 3, 1e-17, true, 0.75, 2, 5, 1, {-1e-300, 2.0 / 3, 7}, 2, 0, true}};
  run.decisions[0].guard = 0.21;
  run.audit = {{2, 101.0 / 3, true}, {0, 96.99, false}};
  run.single_removals = {{1, 0, 1.0 / 3}, {1, 1, -0.5}, {1, 2, 98.76543210987654, 2}};
  run.work = {2, 9'000'000'000'000'000'001, 1, 0.1, 1e-300, 7};
  return run;
}

class RunFile : public testing::Test {
 protected:
  fs::path path() const { return folder_ / "run.h5"; }

  static std::string content(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  static std::string complaint(const fs::path& path) {
    return complaint_about(path, [&] { read_run_file(path); });
  }

  std::string complaint_about_bytes(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
    return complaint(path());
  }

  std::string complaint_when_written(const RunRecord& run) const {
    return complaint_about<MachineError>(path(), [&] { write_run_file(run, path()); });
  }

  void expect_round_trip(const RunRecord& run) const {
    write_run_file(run, path());
    EXPECT_TRUE(same(read_run_file(path()), run));
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

void flip_a_bit(std::string& bytes, std::mt19937& random) {
  char& byte = bytes[random() % bytes.size()];
  byte = static_cast<char>(byte ^ (1U << random() % 8));
}

TEST_F(RunFile, ReadsBackWhatWasWritten) { expect_round_trip(example()); }

TEST_F(RunFile, KeepsTheBitsOfEveryNumber) {
  write_run_file(example(), path());
  const RunRecord run = read_run_file(path());
  EXPECT_TRUE(std::signbit(run.full_per_prompt[1]));
  EXPECT_EQ(run.full_per_prompt[2], 5e-324);
  EXPECT_EQ(run.decisions[0].score_percent, 98.76543210987654);
  EXPECT_EQ(run.decisions[2].margin, 1e-17);
  EXPECT_EQ(run.single_removals[0].score_percent, 1.0 / 3);
}

TEST_F(RunFile, HoldsARunThatHasNotBegun) {
  expect_round_trip(RunRecord{});
  RunRecord run = example();
  run.audit.clear();
  run.decisions.clear();
  expect_round_trip(run);
  run.single_removals.clear();
  run.rungs.clear();
  expect_round_trip(run);
  run.full_per_prompt.clear();
  run.clean.clear();
  run.corrupted.clear();
  run.position_names.clear();
  run.identity.clear();
  expect_round_trip(run);
}

/// Of a search over MLPs, too, whose heads are tried at single positions.
RunRecord with_mlps_and_positions() {
  RunRecord run = example();
  run.components = Components::heads_and_mlps;
  run.granularity = Granularity::position;
  run.decisions[0].head = no_head;
  run.decisions[1].position = 1;
  run.decisions[2].position = 0;
  return run;
}

TEST_F(RunFile, HoldsMlpsAndHeadsAtSinglePositions) {
  const RunRecord run = with_mlps_and_positions();
  expect_round_trip(run);
  EXPECT_THAT(kept_mlps(run), ElementsAre(0));
  EXPECT_EQ(kept_heads(run).size(), 6u);  // the one removed at S1 is kept at the end
  EXPECT_EQ(kept_heads_by_position(run)[0].size(), 5u);
  EXPECT_EQ(kept_heads_by_position(run)[1].size(), 6u);
  EXPECT_EQ(component_text(run.decisions[0], run), "the MLP of layer 1");
  EXPECT_EQ(component_text(run.decisions[1], run), "head 0 of layer 1 at end");
  EXPECT_EQ(component_text(example().decisions[1], run), "head 0 of layer 1");
}

TEST_F(RunFile, RefusesDecisionsOnWhatTakesNoPart) {
  RunRecord run = with_mlps_and_positions();
  run.components = Components::heads;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 1: MLPs take no part"));
  run.components = Components::mlps;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: heads take no part"));
  run = with_mlps_and_positions();
  run.decisions[0].layer = 2;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 1: MLP 2 does not exist"));
  run = with_mlps_and_positions();
  run.decisions[1].position = 2;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: its position is 2"));
  run.decisions[1].position = every_position;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: its position is -1"));
  run = example();
  run.decisions[1].position = 1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: its position is 1"));
}

TEST_F(RunFile, HoldsEveryStatus) {
  RunRecord run = example();
  for (RunStatus status : {RunStatus::running, RunStatus::stopped, RunStatus::complete,
                           RunStatus::contradicted, RunStatus::spoilt}) {
    run.status = status;
    expect_round_trip(run);
  }
}

TEST_F(RunFile, HoldsLongTextsAndManyDecisions) {
  RunRecord run = example();
  run.job = std::string(300'000, 'j');
  run.provenance.emplace_back("long", std::string(100'000, 'p'));
  run.identity.emplace_back("not UTF-8: \xff", "\xff\xfe");
  run.layers = 24;
  run.heads = 16;
  run.clean.assign(500, prompt("x", {1, 2, 3}));
  run.full_per_prompt.assign(500, 1.5);
  run.decisions.clear();
  run.audit.clear();
  for (int i = 0; i < 384; ++i)
    run.decisions.push_back({i / 16, i % 16, 99.0 + i, i * 0.1, i % 3 != 0, i * 1.0, i / 7 + 1,
                             i % 7, i % 2, std::vector<double>(500, 1.0 / (i + 1))});
  expect_round_trip(run);
}

TEST_F(RunFile, ReplacesTheOneBefore) {
  RunRecord run = example();
  write_run_file(run, path());
  run.decisions.pop_back();
  run.audit.clear();
  run.status = RunStatus::complete;
  expect_round_trip(run);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(RunFile, RefusesToHoldWhatCannotBeReadBack) {
  RunRecord run = example();
  run.decisions[1].score_percent = NAN;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: score is not a number"));
  run = example();
  run.decisions[0].per_prompt[2] = INFINITY;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("logit difference is not a number"));
  run = example();
  run.decisions[0].per_prompt.pop_back();
  EXPECT_THAT(complaint_when_written(run), HasSubstr("has 2 logit differences"));
  run = example();
  run.decisions[0].head = 3;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("head (1, 3) does not exist"));
  run = example();
  run.clean[0].tokens[1] = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("clean prompt 1 has a negative token"));
  run = example();
  run.clean[1].positions.pop_back();
  EXPECT_THAT(complaint_when_written(run), HasSubstr("clean prompt 2 has 1 positions"));
  run = example();
  run.clean[1].text = std::string("a\0b", 3);
  EXPECT_THAT(complaint_when_written(run), HasSubstr("NUL"));
  run = example();
  run.identity.emplace_back("weights", "again");
  EXPECT_THAT(complaint_when_written(run), HasSubstr("already exists"));
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(RunFile, RefusesDecisionsOfNobody) {
  RunRecord run = example();
  run.decisions[1].host = 2;
  EXPECT_THAT(complaint_when_written(run),
              HasSubstr("decision 2: host 2 does not exist (there are 2)"));
  run.decisions[1].host = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("host -1 does not exist"));
  run = example();
  run.decisions[0].wave = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("its wave is -1"));
  run = example();
  run.decisions[0].rank = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("its rank is -1"));
}

TEST_F(RunFile, RefusesImpossibleSingleRemovals) {
  RunRecord run = example();
  run.single_removals[1].layer = 2;
  EXPECT_THAT(complaint_when_written(run),
              HasSubstr("single removal 2: head (2, 1) does not exist"));
  run = example();
  run.single_removals[2].head = 0;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("single removal 3: head (1, 0) occurs twice"));
  run = example();
  run.single_removals[0].score_percent = INFINITY;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("single removal 1: score is not a number"));
}

TEST_F(RunFile, HoldsARunThatDoesNotSayInWhichPrecision) {
  RunRecord run = example();
  run.rungs.clear();
  for (DecisionRecord& decision : run.decisions) decision.rung = 0;
  for (SingleRemoval& removal : run.single_removals) removal.rung = 0;
  expect_round_trip(run);
}

TEST_F(RunFile, RefusesRungsThatDoNotExist) {
  RunRecord run = example();
  run.decisions[1].rung = 3;
  EXPECT_THAT(complaint_when_written(run),
              HasSubstr("decision 2: rung 3 does not exist (there are 3)"));
  run.decisions[1].rung = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 2: rung -1 does not exist"));
  run = example();
  run.single_removals[0].rung = 3;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("single removal 1: rung 3 does not exist"));
  run = example();
  run.rungs.clear();
  EXPECT_THAT(complaint_when_written(run),
              HasSubstr("decision 2: rung 1 does not exist (there are 0)"));
}

TEST_F(RunFile, RefusesImpossibleRungsAndGuards) {
  RunRecord run = example();
  run.decisions[0].guard = -0.1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 1: its guard is -0.1"));
  run.decisions[0].guard = INFINITY;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("decision 1: its guard is inf"));
  run = example();
  run.rungs[1].guard = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("rung 2: its guard is -1"));
  run = example();
  run.rungs[2].error = NAN;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("rung 3: its error is nan"));
  run = example();
  run.rungs[0].cost = -2;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("rung 1: its cost is -2"));
  run = example();
  run.rungs[1].name = "bf16";
  EXPECT_THAT(complaint_when_written(run), HasSubstr("rung 2: 'bf16' occurs twice"));
}

TEST_F(RunFile, RefusesImpossibleAudits) {
  RunRecord run = example();
  run.audit[1].decision = 3;
  EXPECT_THAT(complaint_when_written(run),
              HasSubstr("audit 2: decision 3 does not exist (there are 3)"));
  run.audit[1].decision = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("audit 2: decision -1 does not exist"));
  run.audit[1].decision = 2;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("audit 2: decision 2 occurs twice"));
  run = example();
  run.audit[0].score_percent = NAN;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("audit 1: score is not a number"));
  run = example();
  run.status = RunStatus::contradicted;
  run.audit[1].agrees = true;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("contradicted, but no audit says by what"));
}

TEST_F(RunFile, RefusesImpossibleWork) {
  RunRecord run = example();
  run.work.waves = -1;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("work: a count is -1"));
  run = example();
  run.work.discarded = -3;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("work: a count is -3"));
  run = example();
  run.work.waiting_seconds = NAN;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("work: a time is nan seconds"));
  run.work.waiting_seconds = -0.5;
  EXPECT_THAT(complaint_when_written(run), HasSubstr("work: a time is -0.5 seconds"));
}

TEST_F(RunFile, StaysWholeWhenTheDiskIsFull) {
  RunRecord run = example();
  write_run_file(run, path());
  const std::string before = content(path());
  run.job = std::string(1'000'000, 'j');
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  for (rlim_t bytes : {0, 1, 4096, 100'000, 1'000'000}) {
    const rlimit limit{bytes, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = complaint_when_written(run);
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_THAT(message, HasSubstr("File too large")) << bytes;
    EXPECT_EQ(content(path()), before) << bytes;
  }
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  expect_round_trip(run);
}

TEST_F(RunFile, InAFolderThatIsMissingIsTheMachinesFailure) {
  EXPECT_THROW(write_run_file(example(), folder_ / "missing" / "run.h5"), MachineError);
}

TEST_F(RunFile, ThatIsNoneIsTheUsersMistake) {
  EXPECT_NE(complaint(folder_ / "missing.h5"), "");
  EXPECT_NE(complaint(folder_), "");
  EXPECT_THAT(complaint_about_bytes(""), HasSubstr("is not an HDF5 file (it is empty)"));
  EXPECT_THAT(complaint_about_bytes("model: {path: x}\n"), HasSubstr("is not an HDF5 file"));
  write_run_index({}, path());
  EXPECT_THAT(complaint(path()), HasSubstr("is not a headsweep run (it is a headsweep index)"));
}

TEST_F(RunFile, CutOffAnywhereIsRefusedOrWhole) {
  write_run_file(example(), path());
  const std::string whole = content(path());
  constexpr std::size_t checksum_bytes = 83;
  for (std::size_t size = 0; size < whole.size() - checksum_bytes; size += size < 200 ? 10 : 397)
    ASSERT_NE(complaint_about_bytes(whole.substr(0, size)), "") << size << " of " << whole.size();
  ASSERT_NE(complaint_about_bytes(whole.substr(0, whole.size() - checksum_bytes - 1)), "");
  ASSERT_NE(complaint_about_bytes(whole.substr(0, whole.size() - 5)), "");
  // All of the HDF5 file is there, and nothing behind it.
  std::ofstream(path(), std::ios::binary | std::ios::trunc)
      << whole.substr(0, whole.size() - checksum_bytes);
  EXPECT_TRUE(same(read_run_file(path()), example()));
}

TEST_F(RunFile, WithGarbledBytesIsRefusedOrWhole) {
  write_run_file(example(), path());
  const std::string whole = content(path());
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string garbled = whole;
    for (int flips = 0; flips <= i % 4; ++flips) flip_a_bit(garbled, random);
    const bool accepted = complaint_about_bytes(garbled).empty();
    EXPECT_TRUE(!accepted || same(read_run_file(path()), example())) << i;
  }
}

TEST_F(RunFile, ThatMakesHdf5CrashIsRefused) {
  write_run_file(example(), path());
  std::string whole = content(path());
  hdf5::take_seal_off(whole);
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string garbled = whole;
    for (int flips = 0; flips <= i % 4; ++flips) flip_a_bit(garbled, random);
    complaint_about_bytes(garbled + (i % 2 == 0 ? hdf5::seal_of(garbled) : ""));
  }
  tried("input", "200 run files with bits flipped under a seal that fits, or none",
        "read or refused; what makes libhdf5 crash does so in a child process");
}

TEST_F(RunFile, OpensInH5dump) {
  if (!run_command("h5dump --version").second) GTEST_SKIP() << "there is no h5dump here";
  write_run_file(example(), path());
  const auto [header, success] = run_command("h5dump -H '" + path().string() + "'");
  EXPECT_TRUE(success) << header;
  EXPECT_THAT(header, HasSubstr("DATASET \"decisions\""));
  EXPECT_THAT(header, HasSubstr("H5T_IEEE_F64LE \"score_percent\""));
  const auto [values, whole] = run_command("h5dump -d /circuit '" + path().string() + "'");
  EXPECT_TRUE(whole) << values;
  EXPECT_THAT(values, HasSubstr("(0,0): 0, 0"));
}

constexpr const char* reading_script = R"(
import sys, h5py
f = h5py.File(sys.argv[1], 'r')
a = f.attrs
assert a['format'] == 'headsweep run' and a['format_version'] == 4, dict(a)
assert (a['status'], a['family'], a['threshold']) == ('stopped', 'even-step2', 3.0)
assert (a['layers'], a['heads'], a['kept']) == (2, 3, 4)
assert list(f['identity'].attrs)[:4] == ['weights', 'tokenizer', 'zebra', 'apple'], list(f['identity'].attrs)
assert f['identity'].attrs['zebra'] == "zebra's value"
assert f['provenance'].attrs['host'] == 'n\u00e9\u4e2d'
assert list(f['hosts'].asstr()[:]) == ['node1', 'n\u00e9\u4e2d']
assert f['job'].asstr()[()].startswith('model:')
p = f['prompts']
assert list(p['position_names'].asstr()[:]) == ['S1', 'end']
assert list(p['clean/text'].asstr()[:]) == ['2 4 6', '3 5', '']
assert p['corrupted/text'].asstr()[0] == '2 2 "\u00fc"\n'
assert p['clean/tokens'][:].tolist() == [[17, 604, 718], [18, 642, -1], [-1, -1, -1]]
assert p['clean/positions'].shape == (3, 2) and p['clean/template'].dtype == 'int32'
d = f['decisions'][:]
assert d.dtype.names == ('layer', 'component', 'head', 'position', 'score_percent', 'margin', 'removed', 'seconds', 'wave', 'rank', 'host', 'rung', 'guard', 'tie')
assert [d[name].tolist() for name in ('wave', 'rank', 'host')] == [[1, 1, 2], [0, 5, 5], [0, 1, 1]]
assert d['rung'].tolist() == [0, 1, 2] and d['guard'].tolist() == [0.21, 1.0 / 7000, 0]
assert d['tie'].dtype == bool and d['tie'].tolist() == [False, False, True]
assert d['removed'].dtype == bool and d['removed'].tolist() == [True, False, True]
assert d['score_percent'].tolist() == [98.76543210987654, 12.5, 101.0 / 3]
s = f['single_removals'][:]
assert s.dtype.names == ('layer', 'head', 'score_percent', 'rung'), s.dtype
assert s.tolist() == [(1, 0, 1.0 / 3, 0), (1, 1, -0.5, 0), (1, 2, 98.76543210987654, 2)], s
r = f['precision']
assert list(r) == ['rung', 'cost', 'error', 'guard'] and list(r['rung'].asstr()[:]) == ['bf16', 'fp32', 'fp64']
assert [r[name][:].tolist() for name in ('cost', 'error', 'guard')] == [[0.3, 1, 2.5], [0.05, 0.1 / 3, 0], [0.21, 1.0 / 7000, 0]]
u = f['audit'][:]
assert u.dtype.names == ('decision', 'score_percent', 'agrees') and u['agrees'].dtype == bool, u.dtype
assert u.tolist() == [(2, 101.0 / 3, True), (0, 96.99, False)], u
w = f['work'].attrs
assert list(w) == ['waves', 'evaluations', 'discarded', 'compute_seconds', 'communication_seconds', 'waiting_seconds']
assert list(w.values()) == [2, 9000000000000000001, 1, 0.1, 1e-300, 7.0] and w['evaluations'].dtype == 'int64'
assert f['per_prompt'].shape == (3, 3) and f['per_prompt'][2, 1] == 2.0 / 3
assert f['full'].attrs['mean'] == 1.0 / 3 and f['full/per_prompt'][2] == 5e-324
assert f['circuit'][:].tolist() == [[0, 0], [0, 2], [1, 0], [1, 1]]
assert (a['components'], a['granularity']) == ('heads', 'component')
assert h5py.check_enum_dtype(d.dtype['component']) == {'HEAD': 0, 'MLP': 1} and d['component'].tolist() == [0, 0, 0]
assert d['position'].tolist() == [-1, -1, -1]
assert f['mlps'].shape == (0,) and f['circuit_by_position'].shape == (0, 3)
for name in ('decisions', 'single_removals', 'audit', 'precision/guard', 'per_prompt', 'circuit', 'full/per_prompt', 'prompts/clean/tokens'):
    assert f[name].fletcher32, name
)";

TEST_F(RunFile, OpensInH5pyWithTheDocumentedSchema) {
  if (!has_h5py()) GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  write_run_file(example(), path());
  std::ofstream(folder_ / "read.py") << reading_script;
  const auto [output, success] = run_command("/usr/bin/python3 '" + (folder_ / "read.py").string() +
                                             "' '" + path().string() + "'");
  EXPECT_TRUE(success) << output;
}

// Each changes the open file f; the copies are named after them.
const std::map<std::string, std::pair<const char*, const char*>> changes = {
    {"nothing", {"pass", ""}},
    {"note", {"f.attrs['note'] = 'mine'; f['mine'] = list(range(1000))", ""}},
    {"unmarked", {"del f.attrs['format']", "is not a headsweep run (its root has no attribute"}},
    {"foreign", {"f.attrs['format'] = 'x'", "is not a headsweep run (it is a x)"}},
    {"newer", {"f.attrs['format_version'] = 5", "is of format version 5"}},
    {"older",
     {"f.attrs['format_version'] = 3",
      "was written by an earlier development version (format version 3, and this program reads "
      "versions from 4): run the job again with another run.output"}},
    {"much_older", {"f.attrs['format_version'] = 1", "(format version 1, and this program reads"}},
    {"oldest", {"f.attrs['format_version'] = 0", "format version 0 does not exist"}},
    {"no_status", {"del f.attrs['status']", "attribute 'status' is missing"}},
    {"status", {"f.attrs['status'] = 'asleep'", "the status 'asleep' does not exist"}},
    {"status_type", {"f.attrs['status'] = 7", "'status' has the wrong type"}},
    {"layers_type", {"f.attrs['layers'] = 'x'", "'layers' has the wrong type"}},
    {"layers_list", {"f.attrs['layers'] = [1, 2]", "attribute 'layers' is not a single value"}},
    {"layers", {"f.attrs['layers'] = 1", "decision 1: head (1, 2) does not exist"}},
    {"many", {"f.attrs['layers'] = 2000000000", "a model cannot have 2000000000 layers"}},
    {"kept", {"f.attrs['kept'] = 3", "'kept' is not the number"}},
    {"circuit", {"f['circuit'][0, 1] = 1", "'circuit' does not follow from 'decisions'"}},
    {"mlps", {"del f['mlps']; f['mlps'] = [0]", "'mlps' does not follow from 'decisions'"}},
    {"components", {"f.attrs['components'] = 'wings'", "the components 'wings' does not exist"}},
    {"component",
     {"d = f['decisions'][:]; d['component'] = 1; f['decisions'][...] = d",
      "'decisions' has a component 1 with head 2"}},
    {"no_hosts", {"del f['hosts']", "'hosts' is missing"}},
    {"hosts",
     {"del f['hosts']; f['hosts'] = ['node1']", "decision 2: host 1 does not exist (there are 1)"}},
    {"wave",
     {"d = f['decisions'][:]; d['wave'] = -1; f['decisions'][...] = d",
      "decision 1: its wave is -1"}},
    {"no_decisions", {"del f['decisions']", "'decisions' is missing"}},
    {"no_removals", {"del f['single_removals']", "'single_removals' is missing"}},
    {"removals",
     {"del f['single_removals']; f['single_removals'] = [1.0]",
      "'single_removals' has the wrong type"}},
    {"no_precision", {"del f['precision']", "'precision' is missing"}},
    {"no_guard", {"del f['precision/guard']", "'guard' is missing"}},
    {"errors",
     {"del f['precision/error']; f['precision/error'] = [1.0]",
      "'error' has the shape (1), not (3)"}},
    {"no_audit", {"del f['audit']", "'audit' is missing"}},
    {"audit", {"del f['audit']; f['audit'] = [1.0]", "'audit' has the wrong type"}},
    {"agrees",
     {"d = f['audit'][:]; d['agrees'].view('i1')[0] = 7; f['audit'][...] = d",
      "'audit' has an entry 'agrees' that is neither TRUE nor FALSE"}},
    {"tie",
     {"d = f['decisions'][:]; d['tie'].view('i1')[1] = 2; f['decisions'][...] = d",
      "'decisions' has an entry 'tie' that is neither TRUE nor FALSE"}},
    {"no_work", {"del f['work']", "'work' is missing"}},
    {"work", {"f['work'].attrs['evaluations'] = 0.5", "'evaluations' has the wrong type"}},
    {"no_job", {"del f['job']", "'job' is missing"}},
    {"no_prompts", {"del f['prompts']", "'prompts' is missing"}},
    {"group", {"del f['per_prompt']; f.create_group('per_prompt')", "is damaged: "}},
    {"type", {"del f['decisions']; f['decisions'] = [1, 2, 3]", "'decisions' has the wrong type"}},
    {"text",
     {"del f['per_prompt']; f['per_prompt'] = [['a'] * 3] * 3", "'per_prompt' has the wrong type"}},
    {"rows",
     {"x = f['per_prompt'][:2]; del f['per_prompt']; f['per_prompt'] = x",
      "'per_prompt' has the shape (2, 3), not (3, 3)"}},
    {"flat", {"del f['per_prompt']; f['per_prompt'] = [1.0]", "has the shape (1), not (3, 3)"}},
    {"nan", {"f['per_prompt'][0, 0] = float('nan')", "logit difference is not a number"}},
    {"answers",
     {"del f['prompts/clean/answer']; f['prompts/clean/answer'] = ['a']",
      "'answer' has the shape (1), not (3)"}},
    {"fixed",
     {"del f['prompts/clean/answer']; f['prompts/clean/answer'] = numpy.array([b'a'] * 3)",
      "'answer' has texts of a fixed length"}},
    {"huge",
     {"del f['circuit']; f.create_dataset('circuit', (1 << 40, 2), 'i4', chunks=(1024, 2))",
      "more than the file can hold"}},
    {"huge_texts",
     {"del f['prompts/clean/text']; f.create_dataset('prompts/clean/text', (1 << 40,), "
      "h5py.string_dtype(), chunks=(1024,))",
      "more than the file can hold"}},
    {"unwritten",
     {"del f['circuit']; f.create_dataset('circuit', (4, 2), 'i4')",
      "more than the file can hold"}},
    {"wide",
     {"f.attrs.create('threshold', 3, dtype=numpy.longdouble)", "'threshold' has the wrong type"}},
    {"soft",
     {"del f['full']; f['full'] = h5py.SoftLink('/prompts')",
      "'full' is a link that leads somewhere else"}},
    {"elsewhere",
     {"del f['circuit']; f['circuit'] = h5py.ExternalLink('/dev/zero', '/')",
      "'circuit' is a link that leads somewhere else"}},
    {"outside",
     {"del f['circuit']; f.create_dataset('circuit', (4, 2), 'i4', external=[('/etc/passwd', 0, "
      "h5py.h5f.UNLIMITED)])",
      "'circuit' has its values in another file"}},
    {"virtual",
     {"del f['circuit']; v = h5py.VirtualLayout((4, 2), 'i4'); v[:] = h5py.VirtualSource('/x.h5', "
      "'x', (4, 2)); f.create_virtual_dataset('circuit', v)",
      "'circuit' has its values in another file"}},
    {"filter",
     {"x = f['circuit'][:]; del f['circuit']; f.create_dataset('circuit', data=x, "
      "compression='lzf')",
      "filter"}},
    {"empty", {"f.attrs['layers'] = h5py.Empty('i4')", "is not a single value"}}};

TEST_F(RunFile, ChangedWithH5pyIsReadOrRefusedWithTheReason) {
  if (!has_h5py()) GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  write_run_file(example(), path());
  std::ofstream script(folder_ / "change.py");
  script << "import h5py, numpy\n";
  for (const auto& [name, change] : changes) {
    fs::copy_file(path(), folder_ / (name + ".h5"));
    script << "f = h5py.File('" << (folder_ / (name + ".h5")).string() << "', 'r+')\n"
           << change.first << "\nf.close()\n";
  }
  script.close();
  const auto [output, success] =
      run_command("/usr/bin/python3 '" + (folder_ / "change.py").string() + "'");
  ASSERT_TRUE(success) << output;
  for (const auto& [name, change] : changes) {
    const fs::path changed = folder_ / (name + ".h5");
    const std::string message = complaint(changed);
    if (std::string(change.second).empty())
      EXPECT_TRUE(message.empty() && same(read_run_file(changed), example())) << name << message;
    else
      EXPECT_THAT(message, HasSubstr(change.second)) << name;
  }
  tried("input",
        fmt::format("run files changed with h5py ({} ways): types, shapes, values, giant "
                    "extents, links and values in other files",
                    changes.size()),
        "read as they are, or refused with the reason");
}

TEST(KeptHeads, AreTheHeadsThatNoDecisionRemovedInOrder) {
  EXPECT_THAT(kept_heads(example()),
              ElementsAre(std::pair(0, 0), std::pair(0, 2), std::pair(1, 0), std::pair(1, 1)));
}

TEST(FragileDecisions, AreThoseWithinTheAmountTheNearestFirst) {
  RunRecord run = example();
  run.decisions[0].margin = -0.05;
  run.decisions[1].margin = 0.01;
  run.decisions[2].margin = -0.01;
  EXPECT_THAT(fragile_decisions(run, 0.06), ElementsAre(1, 2, 0));
  EXPECT_THAT(fragile_decisions(run, 0.05), ElementsAre(1, 2));
  EXPECT_THAT(fragile_decisions(run, 0), ElementsAre());
  EXPECT_THAT(fragile_decisions(RunRecord{}, 1), ElementsAre());
}

}  // namespace
}  // namespace headsweep
