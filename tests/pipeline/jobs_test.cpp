// The job files that ship with the program.
#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "io/published_search.h"
#include "pipeline/commands.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/reproduction.h"
#include "tests/golden.h"
#include "tests/golden_search.h"

namespace headsweep {
namespace {

std::filesystem::path shipped(const std::string& name) {
  return std::filesystem::path(HEADSWEEP_SOURCE_FOLDER) / "jobs" / name;
}

TEST(ShippedJobs, CanAllBeReadAndTheirPromptsMade) {
  const Tokenizer gpt2(golden::data("gpt2-tokenizer")), demo(shipped("demo-model"));
  int jobs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shipped(""))) {
    if (entry.path().extension() != ".yaml") continue;
    ++jobs;
    const Job job = read_job(entry.path());
    const bool is_demo = job.model.path.filename() == "demo-model";
    // What the model answers is another test's business: its weights are not always here.
    const auto all_right = [](const std::vector<Prompt>& prompts, const KeepSpec&) {
      return std::vector<bool>(prompts.size(), true);
    };
    const auto families = make_prompts(job.families, is_demo ? demo : gpt2, all_right);
    ASSERT_EQ(families.size(), job.families.size());
    for (const MadeFamily& family : families) {
      EXPECT_FALSE(family.prompts.clean.empty()) << entry.path();
      EXPECT_FALSE(family.prompts.corrupted.empty()) << entry.path();
    }
  }
  EXPECT_GE(jobs, 20);
}

TEST(ShippedJobs, TheSeedsFamilyIsTheSeeds) {
  const Job job = read_job(shipped("reference/add2.yaml"));
  ASSERT_EQ(job.families.size(), 1u);
  const PromptFamily family = make_prompts(job.families, golden::gpt2_tokenizer()).front().prompts;
  ASSERT_EQ(family.clean.size(), 10u);
  EXPECT_EQ(family.clean[1].text, "2 4 6 8 10 12");
  EXPECT_EQ(family.clean[1].answer, "14");
  EXPECT_EQ(family.clean[1].distractor, "12");
  EXPECT_EQ(family.corrupted[1].text, "2 4 6 8 10 10");
  EXPECT_EQ(job.search.thresholds, std::vector{3.0});
}

/// Beside each of these jobs is what was published of a search that it makes.
TEST(ShippedJobs, OfTheReferencesTryWhatWasPublished) {
  const std::map<std::string, std::size_t> decisions = {
      {"add1", 384},        {"add1-random", 384},   {"add2", 384},
      {"add2-random", 146}, {"digits-4", 144},      {"digits-4-repeat-all", 144},
      {"digits-5", 144},    {"down", 144},          {"months", 0},
      {"months-4", 144},    {"number-words", 223},  {"number-words-4", 144},
      {"numerals", 239},    {"repeat-digits", 144}, {"repeat-letters", 144}};
  for (const auto& [name, count] : decisions) {
    SCOPED_TRACE(name);
    const auto path = shipped("reference/" + name + ".yaml");
    const Job job = read_job(path);
    const bool is_medium = job.model.path.filename() == "gpt2-medium";
    ASSERT_EQ(runs_of(job).size(), 1U);
    const SearchRule rule =
        for_run(search_rule(job, is_medium ? 24 : 12, is_medium ? 16 : 12), runs_of(job).front());
    EXPECT_EQ(tried_components(read_published_search(published_beside(path)), rule).size(), count);
  }
}

class Demo : public testing::TestWithParam<std::string> {};

TEST_P(Demo, MakesTheReferencesDecisions) {
  const golden::Json expected = golden::read(golden::data("golden/" + GetParam()));
  const Job job =
      read_job(shipped("demo.yaml"), {"search.order=" + expected["order"].get<std::string>()});
  const Inputs inputs = read_inputs(job);
  const LoadedModel loaded = load_model(job.model.path, DeviceChoice::cpu, Rung::fp32, 1);
  const Family& family = inputs.families.front();
  Evaluator evaluator(*loaded.model, family.clean, family.corrupted,
                      ablation_rule(job, Ablation::mean));
  EXPECT_NEAR(evaluator.full().mean, expected["full"], 1e-4);
  EXPECT_EQ(job.search.thresholds, std::vector{expected["threshold"].get<double>()});
  golden::Search search(expected, evaluator, loaded.model->config(), family.clean.position_names,
                        golden::score_tolerance(Rung::fp32));
  EXPECT_TRUE(search.makes_the_references_decisions());
}

INSTANTIATE_TEST_SUITE_P(ShippedJobs, Demo,
                         testing::Values("demo.even-step2.mean.all.T3.json",
                                         "demo.even-step2.mean.all.importance.T3.json"),
                         [](const auto& info) { return golden::test_name(info.param); });

TEST(ShippedJobs, TheDemoModelIsRightAndItsCircuitIsSmall) {
  const golden::Json expected =
      golden::read(golden::data("golden/demo.even-step2.mean.all.T3.json"));
  for (const double difference : expected["full_per_prompt"]) EXPECT_GT(difference, 0);
  EXPECT_LT(expected["kept"].size(), 24u);
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped("demo-model")))
    bytes += entry.file_size();
  EXPECT_LT(bytes, 8u << 20);
}

}  // namespace
}  // namespace headsweep
