#include "io/found_runs.h"

#include <memory>
#include <optional>

#include <gmock/gmock.h>

#include "io/analysis_file.h"
#include "io/errors.h"
#include "io/found_comparisons.h"
#include "io/hdf5_seal.h"
#include "io/run_file.h"
#include "io/run_index.h"
#include "io/text_file.h"
#include "tests/complaints.h"
#include "tests/small_analysis.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FoundRuns : public testing::Test {
 protected:
  /// Of six runs: one complete, one stopped, one failed with a file, one pending, one damaged, one
  /// gone.
  static void SetUpTestSuite() {
    temporary_ = std::make_unique<TemporaryFolder>();
    write_run_file(small_run(), folder() / "done.h5");
    write_run_file(small_stopped_run(), folder() / "stopped.h5");
    RunRecord failed = small_stopped_run();
    failed.status = RunStatus::running;
    write_run_file(failed, folder() / "failed.h5");
    temporary_->write("damaged.h5", "no HDF5");
    write_run_index(
        {{"done", "done.h5", "even", "repeat_last", 3, "backward", "mean", "", "running", "", 2, 4,
          99},
         {"stopped", "stopped.h5", "even", "repeat_last", 3, "backward", "mean", "", "stopped", "",
          3, 4, 97},
         {"failed", "failed.h5", "even", "repeat_last", 3, "backward", "mean", "", "failed",
          "no disk", 3, 4, 97},
         {"pending", "pending.h5", "odd", "shuffle", 10, "forward", "zero", "3 of seed 7",
          "pending", "", 0, 6, 100},
         {"damaged", "damaged.h5", "odd", "file", 5, "backward", "mean", "", "complete", "", 6, 2,
          98},
         {"gone", "gone.h5", "odd", "file", 7, "backward", "mean", "", "complete", "", 6, 2, 98}},
        folder() / "index.h5");
  }

  static void TearDownTestSuite() { temporary_.reset(); }

  static std::filesystem::path folder() { return temporary_->path(); }

  static std::string complaint(const std::vector<std::filesystem::path>& paths) {
    return complaint_of([&] { find_runs(paths); });
  }

  static inline std::unique_ptr<TemporaryFolder> temporary_;
};

std::vector<std::string> names_of(const std::vector<FoundRun>& runs) {
  std::vector<std::string> names;
  for (const FoundRun& run : runs) names.push_back(run.name);
  return names;
}

TEST_F(FoundRuns, ARunFileIsOneRun) {
  const auto runs = find_runs({folder() / "done.h5"});
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].name, "done");
  EXPECT_EQ(runs[0].family, "even");
  EXPECT_EQ(runs[0].corruption, "repeat_last");
  EXPECT_EQ(runs[0].threshold, 3);
  EXPECT_EQ(runs[0].status, "complete");
  ASSERT_TRUE(runs[0].record);
  EXPECT_EQ(runs[0].record->decisions, small_run().decisions);
}

TEST_F(FoundRuns, AnIndexAndItsFolderAreAllOfItsRunsInItsOrder) {
  for (const auto& path : {folder(), folder() / "index.h5"})
    EXPECT_THAT(names_of(find_runs({path})),
                ElementsAre("done", "stopped", "failed", "pending", "damaged", "gone"));
}

TEST_F(FoundRuns, AFileKnowsItsStatusBetterThanTheIndexButForAFailure) {
  const auto runs = find_runs({folder()});
  EXPECT_EQ(runs[0].status, "complete");
  EXPECT_EQ(runs[1].status, "stopped");
  EXPECT_EQ(runs[2].status, "failed");
  EXPECT_EQ(runs[2].reason, "no disk");
  EXPECT_TRUE(runs[2].record) << "what was decided before it failed is not lost";
}

TEST_F(FoundRuns, ARunWithoutAFileIsWhatTheIndexSaysOfIt) {
  const FoundRun pending = find_runs({folder()})[3];
  EXPECT_EQ(pending.status, "pending");
  EXPECT_EQ(pending.family, "odd");
  EXPECT_EQ(pending.corruption, "shuffle");
  EXPECT_EQ(pending.threshold, 10);
  EXPECT_FALSE(pending.record);
}

TEST_F(FoundRuns, ADamagedFileInAnIndexIsShownWithItsReason) {
  const FoundRun damaged = find_runs({folder()})[4];
  EXPECT_EQ(damaged.status, "unreadable");
  EXPECT_THAT(damaged.reason, HasSubstr("damaged.h5: is not an HDF5 file"));
  EXPECT_EQ(damaged.family, "odd");
  EXPECT_FALSE(damaged.record);
}

/// A run file with a bit flipped and no seal on which HDF5 itself crashes; nullopt if there is
/// none.
std::optional<std::string> crashing_file(const TemporaryFolder& folder) {
  write_run_file(small_run(), folder.path() / "sound.h5");
  std::string bytes = read_text(folder.path() / "sound.h5", "the file", 1U << 20);
  hdf5::take_seal_off(bytes);
  const std::string sound = bytes;
  for (std::size_t place = 2000; place < 5000; place += 1) {
    bytes[place] = static_cast<char>(bytes[place] ^ 0x80);
    const auto file = folder.write("crashing.h5", bytes);
    try {
      read_run_file(file);
    } catch (const UserError& error) {
      if (std::string(error.what()).find("HDF5 fails on it") != std::string::npos) return bytes;
    }
    bytes = sound;
  }
  return std::nullopt;
}

TEST_F(FoundRuns, AFileOnWhichHdf5CrashesHidesNoOtherOfItsIndex) {
  const TemporaryFolder crafted;
  const std::optional<std::string> crashing = crashing_file(crafted);
  if (!crashing) GTEST_SKIP() << "this HDF5 crashes on none of the files that were tried";
  crafted.write("b.h5", *crashing);
  std::vector<IndexEntry> entries;
  for (const std::string name : {"a", "b", "c"}) {
    if (name != "b") write_run_file(small_run(), crafted.path() / (name + ".h5"));
    entries.push_back({name, name + ".h5", "even", "repeat_last", 3, "backward", "mean", "",
                       "complete", "", 2, 4, 99});
  }
  write_run_index(entries, crafted.path() / "index.h5");
  const std::vector<FoundRun> runs = find_runs({crafted.path()});
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].status, "complete");
  EXPECT_EQ(runs[1].status, "unreadable");
  EXPECT_THAT(runs[1].reason, HasSubstr("HDF5 fails on it"));
  EXPECT_EQ(runs[2].status, "complete");
}

TEST_F(FoundRuns, AFileThatIsNotThereThoughItsRunHasBegunIsMissing) {
  const FoundRun gone = find_runs({folder()})[5];
  EXPECT_EQ(gone.status, "missing");
  EXPECT_EQ(gone.threshold, 7);
  EXPECT_FALSE(gone.record);
}

TEST_F(FoundRuns, AFileThatIsNamedTwiceIsThereOnce) {
  EXPECT_THAT(names_of(find_runs({folder() / "stopped.h5", folder(), folder() / "." / "done.h5"})),
              ElementsAre("stopped", "done", "failed", "pending", "damaged", "gone"));
}

TEST_F(FoundRuns, WhatIsNoRunIsRefused) {
  EXPECT_THAT(complaint({folder() / "nowhere.h5"}),
              HasSubstr("nowhere.h5: the run file does not exist; check the path"));
  EXPECT_THAT(complaint({folder() / "damaged.h5"}), HasSubstr("is not an HDF5 file"));
  const TemporaryFolder empty;
  EXPECT_THAT(complaint({empty.path()}),
              HasSubstr("is a folder without an index.h5: name a run file"));
}

/// Two runs with an index.
class FoundAnalyses : public testing::Test {
 protected:
  FoundAnalyses() {
    write_run_file(small_run(), run_file());
    write_run_file(small_stopped_run(), folder() / "stopped.h5");
    IndexEntry done, stopped;
    done.name = "even.repeat_last.T3";
    done.run_file = run_file().filename();
    stopped.name = "stopped";
    stopped.run_file = "stopped.h5";
    write_run_index({done, stopped}, folder() / "index.h5");
  }

  const std::filesystem::path& folder() const { return temporary_.path(); }
  std::filesystem::path run_file() const { return folder() / "even.repeat_last.T3.h5"; }
  std::filesystem::path analysis_file() const { return analysis_path_of(run_file()); }

  const TemporaryFolder temporary_;
};

TEST_F(FoundAnalyses, AreThereIfTheirFileIsBesideTheRuns) {
  EXPECT_FALSE(find_runs({run_file()})[0].analysis);
  write_analysis_file(small_analysis(), analysis_file());
  for (const auto& path : {run_file(), folder()}) {
    const FoundRun run = find_runs({path})[0];
    EXPECT_EQ(run.analysis, small_analysis());
    EXPECT_EQ(run.analysis_problem, "");
  }
  EXPECT_FALSE(find_runs({folder()})[1].analysis);
}

TEST_F(FoundAnalyses, ADamagedOneIsSaidAndHidesNoRun) {
  temporary_.write(analysis_file().filename(), "no HDF5");
  const FoundRun run = find_runs({run_file()})[0];
  EXPECT_EQ(run.record->decisions, small_run().decisions);
  EXPECT_EQ(run.status, "complete");
  EXPECT_FALSE(run.analysis);
  EXPECT_THAT(run.analysis_problem, HasSubstr("T3.analysis.h5: is not an HDF5 file"));
}

TEST_F(FoundAnalyses, OneOfAnotherRunIsSaidAndNotShown) {
  RunRecord other = small_run();
  other.decisions[5].removed = false;
  write_analysis_file(small_analysis(other), analysis_file());
  const FoundRun run = find_runs({run_file()})[0];
  EXPECT_TRUE(run.record);
  EXPECT_FALSE(run.analysis);
  EXPECT_THAT(run.analysis_problem, HasSubstr("T3.analysis.h5: is about another run"));
}

TEST_F(FoundAnalyses, ThatAreNamedStandForTheirRun) {
  write_analysis_file(small_analysis(), analysis_file());
  write_comparison_file(small_comparison(), folder() / "comparison.h5");
  EXPECT_THAT(names_of(find_runs({analysis_file(), folder() / "comparison.h5", run_file()})),
              ElementsAre("even.repeat_last.T3"));
  std::filesystem::remove(run_file());
  EXPECT_THROW(find_runs({analysis_file()}), UserError);
}

TEST_F(FoundAnalyses, AComparisonIsTakenWhereItIsNamedOrBesideAnIndex) {
  const auto file = comparison_path_in(folder());
  write_comparison_file(small_comparison(), file);
  const auto found = [&](const std::vector<std::filesystem::path>& paths) {
    return find_comparisons(paths, find_runs(paths));
  };
  EXPECT_EQ(found({run_file()}).size(), 0U);
  for (const auto& path : {folder(), folder() / "index.h5", file}) {
    const auto comparisons = found({path});
    ASSERT_EQ(comparisons.size(), 1U);
    EXPECT_EQ(comparisons[0].record->circuits, small_comparison().circuits);
    EXPECT_EQ(comparisons[0].problem, "");
  }
  EXPECT_EQ(found({folder(), file, folder() / "index.h5"}).size(), 1U);
}

TEST_F(FoundAnalyses, AComparisonOfOtherRunsOrADamagedOneIsSaidAndNotShown) {
  const auto file = comparison_path_in(folder());
  ComparisonRecord other = small_comparison();
  other.run_sha256[0] = "another";
  write_comparison_file(other, file);
  const auto runs = find_runs({folder()});
  auto found = find_comparisons({folder()}, runs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].record);
  EXPECT_THAT(found[0].problem, HasSubstr("is of another run of the name even.repeat_last.T3"));
  EXPECT_TRUE(find_comparisons({file}, {})[0].record) << "without those runs nothing is known";
  temporary_.write("comparison.h5", "no HDF5");
  found = find_comparisons({folder()}, runs);
  EXPECT_THAT(found[0].problem, HasSubstr("comparison.h5: is not an HDF5 file"));
  EXPECT_THROW(find_comparisons({file}, runs), UserError);
}

}  // namespace
}  // namespace headsweep
