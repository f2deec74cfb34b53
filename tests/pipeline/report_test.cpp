#include "pipeline/report/report.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"
#include "pipeline/report/figures.h"
#include "pipeline/report/output.h"
#include "pipeline/report/overlaps.h"
#include "tests/small_run.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

FoundRun pending() {
  FoundRun run = found(small_run(), "later");
  run.record.reset();
  run.status = "pending";
  return run;
}

RunComponent head(int layer, int number) { return {layer, number}; }

TEST(Figures, TheCurveFollowsTheRemovals) {
  const RunFigures figures = figures_of(small_run());
  EXPECT_THAT(figures.curve,
              ElementsAre(CurvePoint{99.5, 5}, CurvePoint{99.5, 5}, CurvePoint{97.03125, 4},
                          CurvePoint{104, 3}, CurvePoint{104, 3}, CurvePoint{98.25, 2}));
  EXPECT_THAT(figures.kept, ElementsAre(head(0, 1), head(1, 1)));
  EXPECT_EQ(figures.components, 6);
  EXPECT_EQ(figures.score_percent, 98.25);
}

TEST(Figures, TheNearestDecisionsComeFirstAndFragileOnesAreCounted) {
  const RunFigures figures = figures_of(small_run());
  EXPECT_THAT(figures.nearest, ElementsAre(2, 5, 0, 3, 4, 1));
  EXPECT_EQ(figures.fragile, 1U);
}

TEST(Figures, TheCircuitsPromptsAreThoseOfTheLastRemoval) {
  EXPECT_THAT(figures_of(small_run()).circuit_per_prompt, ElementsAre(2.4375, 2.475));
  EXPECT_THAT(figures_of(small_stopped_run()).circuit_per_prompt, ElementsAre(2.125, 2.7265625));
}

TEST(Figures, BeforeTheFirstDecisionTheCircuitIsTheModel) {
  RunRecord run = small_stopped_run();
  run.decisions.clear();
  run.audit.clear();
  const RunFigures figures = figures_of(run);
  EXPECT_THAT(figures.curve, IsEmpty());
  EXPECT_THAT(figures.nearest, IsEmpty());
  EXPECT_THAT(figures.circuit_per_prompt, ElementsAre(2, 3));
  EXPECT_EQ(figures.kept.size(), 6U);
  EXPECT_EQ(figures.score_percent, 100);
}

TEST(Figures, MlpsCountWhereTheyTakePart) {
  RunRecord run = small_run();
  run.components = Components::heads_and_mlps;
  run.decisions[0] = {1, RunComponent::mlp, 99.5, -2.5, true, 1, 1, 0, 0, {2, 3}};
  const RunFigures figures = figures_of(run);
  EXPECT_EQ(figures.components, 8);
  EXPECT_EQ(figures.curve.back().left, 4);
  EXPECT_THAT(figures.kept,
              ElementsAre(RunComponent{0, RunComponent::mlp}, head(0, 1), head(1, 0), head(1, 1)));
}

TEST(Figures, AHeadThatIsTriedInASecondPassCountsOnce) {
  RunRecord run = small_run();
  run.decisions.push_back({1, 1, 97.5, -0.5, true, 7, 7, 0, 0, {2, 3}});
  const RunFigures figures = figures_of(run);
  EXPECT_THAT(figures.kept, ElementsAre(head(0, 1)));
  EXPECT_EQ(figures.curve.back(), (CurvePoint{97.5, 1}));
}

TEST(Figures, AHeadIsACandidateAtEachPositionWhereTheSearchSaysSo) {
  RunRecord run = small_run();
  run.granularity = Granularity::position;
  run.decisions.clear();
  const RunFigures figures = figures_of(run);
  EXPECT_EQ(figures.components, 12);
  EXPECT_EQ(label_of(figures.kept[1], run), "0.0 at end");
  EXPECT_EQ(without_positions(figures.kept).size(), 6U);
}

TEST(Overlaps, AreWhatTwoCircuitsShareOfAllThatTheyHave) {
  const std::vector<RunComponent> a = {head(0, 1), head(1, 1), head(2, 0)};
  const std::vector<RunComponent> b = {head(0, 1), head(1, 2), head(2, 0), head(2, 3)};
  EXPECT_EQ(overlap_of(a, b), (Overlap{.shared = 2, .united = 5}));
  EXPECT_EQ(overlap_of(a, b).jaccard(), 0.4);
  EXPECT_EQ(overlap_of(a, a).jaccard(), 1);
  EXPECT_EQ(overlap_of(a, {}).jaccard(), 0);
  EXPECT_EQ(overlap_of({}, {}).jaccard(), 1);
}

TEST(Overlaps, AHeadAndAnMlpOfALayerAreTwoThings) {
  EXPECT_EQ(overlap_of({{3, RunComponent::mlp}}, {{3, 0}}), (Overlap{.shared = 0, .united = 2}));
}

TEST(Groups, AreOfFinishedRunsOnOneModel) {
  RunRecord more = small_run();
  more.decisions[5].removed = false;  // 0.2 is kept as well
  RunRecord elsewhere = small_run();
  elsewhere.identity[1].second = "another model";
  const Report report = report_of(
      {found(small_stopped_run()), found(small_run()), found(elsewhere), pending(), found(more)});
  ASSERT_EQ(report.groups.size(), 1U);
  const CircuitGroup& group = report.groups[0];
  EXPECT_THAT(group.runs, ElementsAre(1, 4));
  EXPECT_THAT(group.overlaps, ElementsAre(ElementsAre(Overlap{2, 2}, Overlap{2, 3}),
                                          ElementsAre(Overlap{2, 3}, Overlap{3, 3})));
  EXPECT_THAT(group.kept_by,
              ElementsAre(Pair(head(0, 1), 2), Pair(head(0, 2), 1), Pair(head(1, 1), 2)));
}

TEST(Groups, OfVeryManyRunsAreCountedButNotComparedPairByPair) {
  const Report report = report_of(std::vector<FoundRun>(301, found(small_run())));
  ASSERT_EQ(report.groups.size(), 1U);
  EXPECT_THAT(report.groups[0].overlaps, IsEmpty());
  EXPECT_THAT(report.groups[0].kept_by, ElementsAre(Pair(head(0, 1), 301), Pair(head(1, 1), 301)));
  const std::string text = markdown_tables(report);
  EXPECT_THAT(text, HasSubstr("In all 301: "));
  EXPECT_THAT(text, HasSubstr("301 circuits are too many to show each beside each"));
  EXPECT_THAT(text, Not(HasSubstr("Jaccard")));
}

TEST(Report, ShowsPromptsThatSeveralRunsHaveOnce) {
  RunRecord other = small_run();
  other.identity[3].second = "other prompts";
  const Report report = report_of({found(small_run()), found(other), found(small_run())});
  EXPECT_FALSE(report.runs[0].figures.same_prompts);
  EXPECT_FALSE(report.runs[1].figures.same_prompts);
  EXPECT_EQ(report.runs[2].figures.same_prompts, 0U);
}

/// The data of a page, as its script reads them.
nlohmann::json data_of(const std::string& page) {
  const std::string before = "id=\"data\">";
  const auto begin = page.find(before) + before.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(Page, HasEveryRunAlsoThoseThatAreNotFinished) {
  const auto data = data_of(
      html_page(report_of({found(small_run()), found(small_stopped_run(), "s"), pending()})));
  ASSERT_EQ(data["runs"].size(), 3U);
  EXPECT_EQ(data["runs"][0]["result"]["decisions"].size(), 6U);
  EXPECT_EQ(data["runs"][0]["result"]["decisions"][2].dump(),
            "[1,2,97.03125,-0.03125,1,0,0.02,0,97.03125,4,-1]");
  EXPECT_EQ(data["runs"][1]["status"], "stopped");
  EXPECT_EQ(data["runs"][1]["result"]["decisions"].size(), 3U);
  EXPECT_EQ(data["runs"][2]["status"], "pending");
  EXPECT_TRUE(data["runs"][2]["result"].is_null());
}

TEST(Page, ShowsSomeOfVeryManyPromptsAndTheMeanOfAll) {
  RunRecord run = small_run();
  run.decisions.clear();
  run.audit.clear();
  run.full_per_prompt.assign(1500, 2.0);
  run.full_per_prompt[1400] = 1502.0;
  const auto data = data_of(html_page(report_of({found(run)})))["runs"][0]["result"];
  EXPECT_EQ(data["prompts"], 1500);
  EXPECT_EQ(data["full"].size(), 1000U);
  EXPECT_EQ(data["circuit"].size(), 1000U);
  EXPECT_EQ(data["circuit_mean"], 3.0);
}

TEST(Page, NoTextOfARunEndsTheElementThatItStandsIn) {
  const std::string nasty = "</script><b>\"&'{{script}}<!--\xff";
  RunRecord run = small_run();
  run.family = run.job = run.clean[0].text = run.provenance[0].second = nasty;
  FoundRun named = found(run, nasty);
  named.reason = nasty;
  const std::string page = html_page(report_of({named}));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("<td>&lt;/script&gt;&lt;b&gt;&quot;&amp;'{{script}}&lt;!--"));
  const auto data = data_of(page);
  EXPECT_EQ(data["runs"][0]["family"], "</script><b>\"&'{{script}}<!--\uFFFD");
  EXPECT_EQ(data["runs"][0]["result"]["clean"]["shown"][0]["text"], data["runs"][0]["family"]);
}

TEST(Page, StaysSmall) {
  // A search of gpt2-medium's size with 10 prompts, then many prompts.
  RunRecord run = small_run();
  run.layers = 24;
  run.heads = 16;
  run.decisions.clear();
  run.audit.clear();
  for (int i = 0; i < 24 * 16; ++i)
    run.decisions.push_back({23 - i / 16, i % 16, 97.123456789012345 + i / 1e3,
                             -0.123456789012345 - i / 1e3, true, i * 0.1234567, i, 0, 0,
                             std::vector<double>(2, 1.23456789), 0, 0.0123456789});
  EXPECT_LT(html_page(report_of({found(run)})).size(), 150'000U);
  const std::vector<FoundRun> hundred(100, found(run));
  EXPECT_LT(html_page(report_of(hundred)).size(), 20'000'000U);
  run.clean.assign(
      1536, {std::string(100, 'x'), "6", "4", 0, std::vector<int>(23, 50000), 718, 604, {0, 1}});
  run.full_per_prompt.assign(1536, 2.3456789012345);
  run.decisions.back().per_prompt = run.full_per_prompt;
  EXPECT_LT(html_page(report_of({found(run)})).size(), 200'000U);
}

TEST(Page, LoadsNothing) {
  const std::string page = html_page(report_of({found(small_run())}));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* loads : {"src=", "url(", "@import", "<link", "https://", "{{"})
    EXPECT_THAT(page, Not(HasSubstr(loads)));
}

TEST(Markdown, HasTablesOfRunsOverlapsAndCircuits) {
  RunRecord more = small_run();
  more.decisions[5].removed = false;
  more.threshold = 10;
  FoundRun other = found(more);
  other.order = "forward";
  other.ablation = "zero";
  EXPECT_EQ(markdown_tables(report_of({found(small_run()), other, pending()})), R"(## Runs

|     | family | corruption  | threshold % | order   | ablation | status   | kept |  of | score % | nearest margin | fragile |
| --: | ------ | ----------- | ----------: | ------- | -------- | -------- | ---: | --: | ------: | -------------: | ------: |
|   1 | even   | repeat_last |           3 |         |          | complete |    2 |   6 |   98.25 |       -0.03125 |       1 |
|   2 | even   | repeat_last |          10 | forward | zero     | complete |    3 |   6 |  104.00 |       -0.03125 |       1 |
|   3 | even   | repeat_last |           3 |         |          | pending  |      |     |         |                |         |

## Overlap of circuits

| Jaccard |    1 |    2 |
| ------: | ---: | ---: |
|       1 | 1.00 | 0.67 |
|       2 | 0.67 | 1.00 |

In all 2: 0.1 1.1

## 1. even, repeat_last, threshold 3 %

| layer | kept heads |
| ----: | ---------- |
|     0 | 1          |
|     1 | 1          |

| nearest | decision | score % |   margin | precision |
| ------- | -------- | ------: | -------: | --------- |
| 1.2     | removed  | 97.0312 | -0.03125 | bf16      |

## 2. even, repeat_last, threshold 10 %, order forward, zero ablation

| layer | kept heads |
| ----: | ---------- |
|     0 | 1 2        |
|     1 | 1          |

| nearest | decision | score % |   margin | precision |
| ------- | -------- | ------: | -------: | --------- |
| 1.2     | removed  | 97.0312 | -0.03125 | bf16      |
)");
}

TEST(Markdown, SaysWhyARunFailed) {
  FoundRun run = pending();
  run.status = "failed";
  run.reason = "no disk";
  EXPECT_THAT(markdown_tables(report_of({run})), HasSubstr("\nRun 1 is failed: no disk\n"));
}

TEST(Markdown, ATextStaysInItsCell) {
  FoundRun run = pending();
  run.family = "a|b\nc";
  EXPECT_THAT(markdown_tables(report_of({run})), HasSubstr("| a\\|b c |"));
}

TEST(Markdown, ATextIsNoTagLinkOrCode) {
  FoundRun run = pending();
  run.family = "<b>&[x](u)`c`\\*\x1b";
  run.reason = "<i>";
  const std::string text = markdown_tables(report_of({run}));
  EXPECT_THAT(text, HasSubstr(R"(| &lt;b>&amp;\[x\](u)\`c\`\\\*\\x1b |)"));
  EXPECT_THAT(text, HasSubstr(": &lt;i>\n"));
}

TEST(Markdown, RepeatsWhatTheRunWasWarnedOf) {
  RunRecord run = small_run();
  run.provenance.emplace_back("prompt_warnings", "odd prompts");
  run.provenance.emplace_back("full_model_warnings", "a weak model");
  EXPECT_THAT(markdown_tables(report_of({found(run)})),
              HasSubstr("\n\nWarning: odd prompts\n\nWarning: a weak model\n\n"));
}

TEST(Output, ReplacesNoRunFile) {
  const TemporaryFolder folder;
  const auto run = folder.write("run.h5", "precious");
  EXPECT_THROW(put_out("page", run), UserError);
  EXPECT_THROW(put_out("page", folder.path()), UserError);
  EXPECT_THROW(put_out("page", folder.path() / "nowhere" / "a.html"), UserError);
  put_out("page", folder.path() / "a.html");
  std::stringstream text;
  text << std::ifstream(folder.path() / "a.html").rdbuf() << std::ifstream(run).rdbuf();
  EXPECT_EQ(text.str(), "pageprecious");
}

}  // namespace
}  // namespace headsweep
