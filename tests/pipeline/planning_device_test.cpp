#include "pipeline/planning_device.h"

#include <regex>

#include <gmock/gmock.h>

namespace headsweep {
namespace {

constexpr ModelConfig config{
    .layers = 40, .heads = 32, .d_model = 64, .d_mlp = 64, .positions = 8, .vocabulary = 100};
constexpr int prompts = 1000;

PromptBatch batch_at(const std::vector<std::string>& position_names) {
  PromptBatch batch;
  batch.tokens.assign(prompts, {1, 2, 3, 4, 5, 6});
  batch.answers.assign(prompts, 7);
  batch.distractors.assign(prompts, 8);
  batch.templates.assign(prompts, 0);
  batch.position_names = position_names;
  std::vector<int> positions;
  for (std::size_t i = 0; i < position_names.size(); ++i) positions.push_back(static_cast<int>(i));
  batch.positions.assign(prompts, positions);
  return batch;
}

/// What rank 0 takes for prompts, results and the program.
double books_megabytes(const Job& job) {
  Family family;
  family.clean = family.corrupted = batch_at({"S1", "S2", "S3", "S4", "end"});
  const PlannedFamily planned =
      plan_memory(job, {.device = {.threads = 1}}, {{}, std::vector<BackendMemory>(1)}, config,
                  family, ablation_rule(job, Ablation::mean));
  std::smatch found;
  EXPECT_TRUE(std::regex_search(planned.memory, found, std::regex("the program (\\d+)")))
      << planned.memory;
  return std::stod(found[1]);
}

TEST(PlannedMemory, HasAResultForEachPositionAtWhichAHeadIsRemoved) {
  Job job;
  const double by_component = books_megabytes(job);
  job.search.granularity = Granularity::position;
  const double by_position = books_megabytes(job);
  // A search's record, the one that comes in and the one that is written: 3 x a double for each
  // decision and prompt. The rest of the process takes a few megabytes more or less each time.
  const double results = 3.0 * config.layers * config.heads * prompts * sizeof(double) / 1e6;
  EXPECT_NEAR(by_position - by_component, 4 * results, 10);
}

}  // namespace
}  // namespace headsweep
