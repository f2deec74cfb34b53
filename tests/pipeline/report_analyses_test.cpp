#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "pipeline/report/analysis_figures.h"
#include "pipeline/report/report.h"
#include "pipeline/report/resamples.h"
#include "tests/small_analysis.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

RunComponent head(int layer, int number) { return {layer, number}; }

FoundRun analysed(const std::string& name = "even.repeat_last.T3") {
  FoundRun run = found(small_run(), name);
  run.analysis = small_analysis();
  return run;
}

FoundRun resampled(RunRecord record, int number) {
  FoundRun run = found(std::move(record), "even.repeat_last.T3.r" + std::to_string(number));
  run.resample = std::to_string(number) + " of seed 7";
  return run;
}

FoundRun pending_resample(int number) {
  FoundRun run = resampled(small_run(), number);
  run.record.reset();
  run.status = "pending";
  return run;
}

/// Keeps 0.2 as well, and so does not end with its removal.
RunRecord small_run_with_one_more() {
  RunRecord run = small_run();
  run.decisions[5].removed = false;
  return run;
}

TEST(AnalysisFigures, TheStrongestKnockoutIsTheOneThatCostsMost) {
  // Without them there are 2.6, 0.75, 2.475, 2.45, 1.5 and 2.5 of 2.5.
  EXPECT_THAT(analysis_figures_of(small_analysis()).strongest, ElementsAre(1, 4, 3, 2, 5, 0));
}

TEST(AnalysisFigures, OfAModelThatIsAgainstTheAnswerTheShareCounts) {
  AnalysisRecord analysis = small_analysis();
  analysis.full = -2.5;
  EXPECT_EQ(analysis_figures_of(analysis).strongest.front(), 0U);
}

TEST(AnalysisFigures, TheWorstSubsetAndTheWeakestComponentAreNamed) {
  const AnalysisFigures figures = analysis_figures_of(small_analysis());
  EXPECT_EQ(figures.worst, 1U);                     // apart by 0.125, 0.25, 0.125
  EXPECT_THAT(figures.weakest, ElementsAre(1, 0));  // matter 1.5 and 0.5
}

TEST(AnalysisFigures, AreasAreSummedByTrapezoidsOfNormalisedFaithfulness) {
  AnalysisRecord analysis = small_analysis();
  // (F - -0.5) / 3: 0.25, 0.9, 1, and too much at 0.5 in the second.
  analysis.sizes = {{0.1, 1, 0.25}, {0.5, 3, 2.2}, {1, 6, 2.5}};
  AnalysisFigures figures = analysis_figures_of(analysis);
  EXPECT_DOUBLE_EQ(figures.cpr, 0.4 * (0.25 + 0.9) / 2 + 0.5 * (0.9 + 1) / 2);
  EXPECT_DOUBLE_EQ(figures.cmd, 0.4 * (0.75 + 0.1) / 2 + 0.5 * (0.1 + 0) / 2);
  EXPECT_DOUBLE_EQ(figures.cpr + figures.cmd, 0.9) << "never above 1: they cover the fractions";
  analysis.sizes[1].mean = 3.1;  // 1.2
  figures = analysis_figures_of(analysis);
  EXPECT_DOUBLE_EQ(figures.cpr, 0.4 * (0.25 + 1.2) / 2 + 0.5 * (1.2 + 1) / 2);
  EXPECT_DOUBLE_EQ(figures.cmd, 0.4 * (0.75 + 0.2) / 2 + 0.5 * 0.2 / 2);
}

TEST(AnalysisFigures, OfNothingAreEmpty) {
  AnalysisRecord analysis = small_analysis();
  analysis.knockouts.clear();
  analysis.completeness.clear();
  analysis.minimality.clear();
  analysis.sizes.clear();
  const AnalysisFigures figures = analysis_figures_of(analysis);
  EXPECT_THAT(figures.strongest, IsEmpty());
  EXPECT_THAT(figures.weakest, IsEmpty());
  EXPECT_FALSE(figures.worst);
  EXPECT_EQ(figures.cpr, 0);
}

TEST(Resamples, AreTakenOutOfTheRunsAndCountedByWhatTheyKeep) {
  std::vector<FoundRun> runs = {found(small_run()), resampled(small_run(), 1),
                                resampled(small_run_with_one_more(), 2),
                                resampled(small_stopped_run(), 3), pending_resample(4)};
  const auto groups = take_resamples(runs);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].name, "even.repeat_last.T3");
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].name, "even.repeat_last.T3");
  EXPECT_EQ(groups[0].run, 0U);
  EXPECT_EQ(groups[0].finished, 2);
  EXPECT_EQ(groups[0].unfinished, 2);
  EXPECT_THAT(groups[0].kept_by,
              ElementsAre(Pair(head(0, 1), 2), Pair(head(0, 2), 1), Pair(head(1, 1), 2)));
  EXPECT_EQ(groups[0].fewest, 2);
  EXPECT_EQ(groups[0].most, 3);
  EXPECT_EQ(groups[0].lowest_percent, 98.25);
  EXPECT_EQ(groups[0].highest_percent, 104);
  EXPECT_EQ(groups[0].heads, 3);
  EXPECT_FALSE(groups[0].mlps);
}

TEST(Resamples, OfDifferentRunsAreDifferentGroups) {
  FoundRun other = resampled(small_run(), 1), another = resampled(small_run(), 2);
  other.name = "even.repeat_last.T20.r1";
  another.name = "even.repeat_last.T20.r2";
  FoundRun elsewhere = resampled(small_run(), 3), elsewhere_too = resampled(small_run(), 4);
  elsewhere.file = "b/even.repeat_last.T3.r3.h5";
  elsewhere_too.file = "b/even.repeat_last.T3.r4.h5";
  std::vector<FoundRun> runs = {resampled(small_run(), 1), other,   elsewhere,
                                resampled(small_run(), 2), another, elsewhere_too};
  const auto groups = take_resamples(runs);
  EXPECT_THAT(runs, IsEmpty());
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[1].name, "even.repeat_last.T20");
  for (const ResampleGroup& group : groups) {
    EXPECT_EQ(group.finished, 2);
    EXPECT_FALSE(group.run);
  }
}

TEST(Resamples, OneByItselfIsARunAsOthersAre) {
  std::vector<FoundRun> runs = {resampled(small_run(), 3)};
  EXPECT_THAT(take_resamples(runs), IsEmpty());
  EXPECT_EQ(runs.size(), 1U);
  // A name alone makes no resample.
  runs = {found(small_run(), "a.r1"), found(small_run(), "a.r2")};
  EXPECT_THAT(take_resamples(runs), IsEmpty());
  EXPECT_EQ(runs.size(), 2U);
}

TEST(Resamples, AreNoCircuitsAmongTheOthers) {
  const Report report = report_of({found(small_run()), resampled(small_run(), 1),
                                   resampled(small_run(), 2), found(small_run(), "second")});
  ASSERT_EQ(report.groups.size(), 1U);
  EXPECT_THAT(report.groups[0].runs, ElementsAre(0, 1));
  EXPECT_EQ(report.runs[1].run.name, "second");
}

/// The data of a page, as its script reads them.
nlohmann::json data_of(const std::string& page) {
  const std::string before = "id=\"data\">";
  const auto begin = page.find(before) + before.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(PageOfAnalyses, HasWhatTheAnalysisSays) {
  const auto data = data_of(html_page(report_of({analysed()})))["runs"][0]["analysis"];
  EXPECT_EQ(data["full"], 2.5);
  EXPECT_EQ(data["circuit"], 2.45625);
  EXPECT_EQ(data["knockouts"][1].dump(), "[0,1,-1,0.75,0.25]");
  EXPECT_EQ(data["members"].dump(), "[[0,1,-1],[1,1,-1]]");
  EXPECT_EQ(data["completeness"][1].dump(), R"(["greedy",1.25,1.5,[1]])");
  EXPECT_EQ(data["completeness"][2].dump(), R"(["whole",-0.5,-0.375,[0,1]])");
  EXPECT_EQ(data["minimality"][1].dump(), "[1,1,-1,0.75,0.25,[0]]");
  EXPECT_EQ(data["sizes"][0].dump(), "[0.1,1,0.25]");
  EXPECT_EQ(data["worst"], 1);
  EXPECT_EQ(data["weakest"].dump(), "[1,0]");
}

TEST(PageOfAnalyses, HasNothingOfThemWhereThereAreNone) {
  const auto data = data_of(html_page(report_of({found(small_run())})));
  EXPECT_FALSE(data["runs"][0].contains("analysis"));
  EXPECT_FALSE(data["runs"][0].contains("analysis_problem"));
  EXPECT_TRUE(data["resamples"].empty());
  EXPECT_TRUE(data["comparisons"].empty());
}

TEST(PageOfAnalyses, HasComparisonsAndWhyOneIsNotShown) {
  const auto data = data_of(html_page(report_of(
      {found(small_run())}, {{"c.h5", small_comparison(), ""}, {"d.h5", {}, "d.h5: is damaged"}})));
  const auto& comparison = data["comparisons"][0];
  EXPECT_EQ(comparison["means"].dump(), "[[2.45625,1.0],[null,3.9]]");
  EXPECT_EQ(comparison["families"].dump(), R"(["even.repeat_last","odd.shuffle"])");
  EXPECT_EQ(comparison["full"].dump(), "[2.5,4.0]");
  EXPECT_EQ(data["comparisons"][1]["problem"], "d.h5: is damaged");
  EXPECT_FALSE(data["comparisons"][1].contains("means"));
}

TEST(PageOfAnalyses, OfAComparisonAloneHasATitle) {
  const std::string page = html_page(report_of({}, {{"c.h5", small_comparison(), ""}}));
  EXPECT_THAT(page, HasSubstr("<title>Circuits on each other's families</title>"));
}

TEST(PageOfAnalyses, CountsResamplesAndShowsThemAsOneLine) {
  const std::string page = html_page(report_of({found(small_run()), found(small_run(), "b"),
                                                resampled(small_run(), 1), pending_resample(2)}));
  EXPECT_THAT(page, HasSubstr("<title>4 runs of headsweep</title>"));
  EXPECT_THAT(page, HasSubstr("<td>2 resamples</td>"));
  const auto group = data_of(page)["resamples"][0];
  EXPECT_EQ(group["finished"], 1);
  EXPECT_EQ(group["unfinished"], 1);
  EXPECT_EQ(group["run"], 0);
  EXPECT_EQ(group["kept_by"].dump(), "[[0,1,1],[1,1,1]]");
}

TEST(PageOfAnalyses, NoTextOfAnAnalysisEndsTheElementThatItStandsIn) {
  const std::string nasty = "</script><b>\"&'<!--\xff";
  FoundRun run = analysed();
  run.analysis->identity.emplace_back("note", nasty);
  FoundRun problem = found(small_run(), "b");
  problem.analysis_problem = nasty;
  FoundRun one = resampled(small_run(), 1), two = resampled(small_run(), 2);
  one.name = nasty + ".r1";
  two.name = nasty + ".r2";
  ComparisonRecord comparison = small_comparison();
  comparison.circuits[0] = comparison.families[0] = nasty;
  const std::string page =
      html_page(report_of({run, problem, one, two}, {{nasty, comparison, ""}, {nasty, {}, nasty}}));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  const std::string shown = "</script><b>\"&'<!--\uFFFD";
  const auto data = data_of(page);
  EXPECT_EQ(data["comparisons"][0]["circuits"][0], shown);
  EXPECT_EQ(data["runs"][1]["analysis_problem"], shown);
  EXPECT_EQ(data["resamples"][0]["name"], shown);
}

TEST(MarkdownOfAnalyses, HasTablesOfThem) {
  const std::string text = markdown_tables(report_of({analysed()}));
  EXPECT_EQ(
      text.substr(text.find("|   full")),
      R"(|   full | circuit | nothing | difference | of full % | normalised % |    CPR |    CMD |
| -----: | ------: | ------: | ---------: | --------: | -----------: | -----: | -----: |
| 2.5000 |  2.4562 | -0.5000 |     0.0438 |     98.25 |        98.54 | 0.7050 | 0.1950 |

| knock-out | lost % | alone % |
| --------- | -----: | ------: |
| 0.1       |  70.00 |   10.00 |
| 1.1       |  40.00 |   40.00 |
| 1.0       |   2.00 |  -30.00 |
| 0.2       |   1.00 |  -10.00 |
| 1.2       |   0.00 |  -20.00 |
| 0.0       |  -4.00 |  -20.00 |

Completeness: the worst of 3 subsets of the circuit (greedy) is 1.1. Without it the circuit does 50.00 % of the full model, and the full model 60.00 %: a difference of 10.00 points.

| matters least | points | once these are gone |
| ------------- | -----: | ------------------- |
| 1.1           |  20.00 | 0.1                 |
| 0.1           |  60.00 | nothing             |
)");
}

TEST(MarkdownOfAnalyses, SaysWhyOneIsNotShown) {
  FoundRun run = found(small_run());
  run.analysis_problem = "a.h5: is damaged";
  EXPECT_THAT(markdown_tables(report_of({run}, {{"c.h5", {}, "c.h5: is old"}})),
              testing::AllOf(HasSubstr("\nNot shown: a.h5: is damaged\n"),
                             HasSubstr("\nNot shown: c.h5: is old\n")));
}

TEST(MarkdownOfAnalyses, HasTheTransferMatrixInPercentOfTheFullModelThere) {
  const std::string text = markdown_tables(report_of({}, {{"c.h5", small_comparison(), ""}}));
  EXPECT_THAT(text, HasSubstr(R"(## Circuits on other families

| % of full           |    1 |    2 |
| ------------------- | ---: | ---: |
| even.repeat_last.T3 | 98.2 | 25.0 |
| odd.shuffle.T3      |      | 97.5 |

1: even.repeat_last, 2: odd.shuffle
)"));
}

TEST(MarkdownOfAnalyses, HasALineForAllResamplesOfARun) {
  const std::string text = markdown_tables(
      report_of({found(small_run()), resampled(small_run(), 1), pending_resample(2),
                 resampled(small_run_with_one_more(), 3), resampled(small_run(), 4)}));
  EXPECT_THAT(text, HasSubstr(R"(## Resampled prompts

| run                 | resamples |   kept |         score % | kept by half of them or more (by how many) |
| ------------------- | --------: | -----: | --------------: | ------------------------------------------ |
| even.repeat_last.T3 |    3 of 4 | 2 to 3 | 98.25 to 104.00 | 0.1 (3), 1.1 (3)                           |
)"));
  EXPECT_THAT(text, Not(HasSubstr("## 2.")));
}

TEST(MarkdownOfOverlaps, SaysWhatHalfOfSeveralCircuitsKeep) {
  const std::string text = markdown_tables(report_of(
      {found(small_run()), found(small_run_with_one_more(), "b"), found(small_run(), "c")}));
  EXPECT_THAT(text,
              HasSubstr("\nIn all 3: 0.1 1.1\n\nIn half of them or more: 0.1 (3), 1.1 (3)\n"));
}

TEST(PageOfAnalyses, StaysSmall) {
  // Of gpt2-medium, with a circuit of 86 heads.
  RunRecord run = small_run();
  run.layers = 24;
  run.heads = 16;
  run.decisions.clear();
  run.audit.clear();
  AnalysisRecord analysis = small_analysis();
  analysis.knockouts.clear();
  std::vector<RunComponent> circuit;
  for (int i = 0; i < 24 * 16; ++i) {
    const RunComponent component = {i / 16, i % 16};
    analysis.knockouts.push_back({component, 2.3456789012345 + i, 0.123456789012345 + i});
    if (i % 4 == 0 && circuit.size() < 86) circuit.push_back(component);
  }
  analysis.completeness.assign(21, {CompletenessRecord::Choice::random, circuit, 1.2345678, 2});
  analysis.minimality.clear();
  for (const RunComponent each : circuit)
    analysis.minimality.push_back({each, circuit, 1.23456789, 2.3456789});
  FoundRun found_run = found(run);
  const auto before = html_page(report_of({found_run})).size();
  found_run.analysis = analysis;
  EXPECT_LT(html_page(report_of({found_run})).size(), before + 80'000);
}

}  // namespace
}  // namespace headsweep
