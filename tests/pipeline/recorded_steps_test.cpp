// A search's steps come back from its run file's form, whatever it is over and wherever it stopped.
#include "pipeline/recorded_steps.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "pipeline/run_store.h"
#include "tests/pipeline/made_up_family.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

SearchRule rule_of(Order order, Components components, Granularity granularity) {
  SearchRule rule{4, 3, order, 3.0};
  rule.components = components;
  rule.granularity = granularity;
  return for_family(rule, 2);
}

RunRecord begun(const SearchRule& rule) {
  RunRecord record;
  record.family = "made up";
  record.layers = rule.layers;
  record.heads = rule.heads;
  record.components = rule.components;
  record.granularity = rule.granularity;
  record.position_names = {"S1", "end"};
  return record;
}

/// The search step by step, as rank 0 records it.
class RecordedSteps : public testing::Test {
 protected:
  void walk(const SearchRule& rule, const std::function<void()>& after_each_step) {
    search_.emplace(rule);
    store_.emplace(folder_.path() / "run.h5", begun(rule));
    steps_.clear();
    while (!search_->finished()) {
      take_step();
      after_each_step();
    }
  }

  void take_step() {
    const int layer = search_->ranked_next();
    const bool decides = search_->next_step() == GreedySearch::Step::decide;
    const auto circuits = decides ? std::vector{search_->wanted()} : search_->wanted_for_ranking();
    SearchStep step{decides ? SearchStep::Kind::decision : SearchStep::Kind::ranking, {}};
    for (const Circuit& circuit : circuits) {
      const Evaluation evaluation = scored(made_up::logit_differences(2, circuit), full_mean_);
      step.scores.push_back({evaluation.score_percent, evaluation.per_prompt});
    }
    apply(step, *search_);
    if (decides)
      store_->add(search_->decisions().back(), step.scores.front(), "here");
    else
      store_->add_ranking(layer, step.scores);
    steps_.push_back(std::move(step));
  }

  const RunRecord& record() const { return store_->record(); }

  TemporaryFolder folder_;
  const double full_mean_ = mean(made_up::full_per_prompt(2));
  std::optional<GreedySearch> search_;
  std::optional<RunStore> store_;
  std::vector<SearchStep> steps_;
};

TEST_F(RecordedSteps, LeadBackToTheSameSearchFromEveryStep) {
  const auto all = Components::heads_and_mlps;
  for (const SearchRule& rule :
       {rule_of(Order::backward, all, Granularity::component),
        rule_of(Order::forward, all, Granularity::component),
        rule_of(Order::alternate, all, Granularity::component),
        rule_of(Order::importance, all, Granularity::component),
        rule_of(Order::alternate, Components::mlps, Granularity::component),
        rule_of(Order::alternate, all, Granularity::position)}) {
    walk(rule, [&] {
      const std::vector<SearchStep> found = recorded_steps(record(), rule);
      ASSERT_EQ(found.size(), steps_.size());
      const GreedySearch again = search_after(rule, found);
      EXPECT_EQ(again.kept(), search_->kept());
      EXPECT_EQ(again.finished(), search_->finished());
      EXPECT_TRUE(std::ranges::equal(again.coming(), search_->coming()));
    });
    EXPECT_EQ(
        kept_mlps(record()).size(),
        static_cast<std::size_t>(std::ranges::count_if(
            std::vector{0, 1, 2, 3}, [&](int layer) { return search_->kept().keeps_mlp(layer); })));
  }
}

TEST_F(RecordedSteps, ThatDoNotFollowFromEachOtherAreRefusedByName) {
  const SearchRule rule =
      rule_of(Order::backward, Components::heads_and_mlps, Granularity::component);
  walk(rule, [] {});
  RunRecord changed = record();
  changed.decisions[4].layer = 3;
  EXPECT_THAT(
      [&] { recorded_steps(changed, rule); },
      ThrowsMessage<UserError>(HasSubstr("decision on the MLP of layer 3 does not follow")));
  changed = record();
  changed.decisions[1].head = 2;
  EXPECT_THAT([&] { recorded_steps(changed, rule); },
              ThrowsMessage<UserError>(HasSubstr("decision on head 2 of layer 3 does not follow")));
}

}  // namespace
}  // namespace headsweep
