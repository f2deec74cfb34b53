#include "io/published_search.h"

#include <gmock/gmock.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

PublishedSearch read(const std::string& content) {
  const TemporaryFolder folder;
  return read_published_search(folder.write("search.csv", content));
}

void expect_refused(const std::string& content, const std::string& where, const std::string& what) {
  EXPECT_THAT([&] { read(content); }, testing::ThrowsMessage<UserError>(
                                          AllOf(HasSubstr("search.csv" + where), HasSubstr(what))))
      << content;
}

TEST(PublishedSearch, OfHeadsByNumber) {
  const PublishedSearch search =
      read("step,layer,head,score_pct,removed\n0,23,0,99.5,1\n1,22,15,-0.25,0\n");
  ASSERT_EQ(search.decisions.size(), 2U);
  EXPECT_EQ(search.extent, PublishedSearch::Extent::decisions);
  EXPECT_EQ(search.decisions[0].component, (RunComponent{23, 0}));
  EXPECT_EQ(search.decisions[0].score_percent, 99.5);
  EXPECT_TRUE(search.decisions[0].removed);
  EXPECT_FALSE(search.decisions[1].removed);
  EXPECT_THAT(search.decisions[1].where, testing::EndsWith("search.csv:3"));
}

TEST(PublishedSearch, OfNamedComponents) {
  const PublishedSearch search = read(
      "direction,iter,component,score_pct,removed\nbackw,1,mlp 11,78.8,0\nbackw,1,h 11 0,99.7,1\n");
  ASSERT_EQ(search.decisions.size(), 2U);
  EXPECT_EQ(search.decisions[0].component, (RunComponent{11, RunComponent::mlp}));
  EXPECT_EQ(search.decisions[1].component, (RunComponent{11, 0}));
}

TEST(PublishedSearch, OfRemovalsOnly) {
  const PublishedSearch search = read("order,layer,head,score_pct_after_removal\n0,23,0,100.05\n");
  EXPECT_EQ(search.extent, PublishedSearch::Extent::removals);
  ASSERT_EQ(search.decisions.size(), 1U);
  EXPECT_TRUE(search.decisions[0].removed);
  EXPECT_EQ(search.decisions[0].score_percent, 100.05);
}

TEST(PublishedSearch, OfWhichOnlyTheCircuitIsThere) {
  const TemporaryFolder folder;
  const PublishedSearch search = read_published_search(
      folder.write("circuit.json", R"({"heads": [[9, 1], [0, 5]], "mlps": [3]})"));
  EXPECT_EQ(search.extent, PublishedSearch::Extent::circuit);
  EXPECT_THAT(search.kept, testing::ElementsAre(RunComponent{9, 1}, RunComponent{0, 5},
                                                RunComponent{3, RunComponent::mlp}));
  EXPECT_THAT(
      [&] {
        read_published_search(folder.write("apart.json", R"({"positions": {"S1": [[9, 1]]}})"));
      },
      testing::ThrowsMessage<UserError>(HasSubstr("single positions")));
}

TEST(PublishedSearch, AMissingColumnIsNamedWithThoseOfItsForm) {
  expect_refused("layer,head,removed\n1,2,1\n", ":1: ", "no column 'score_pct'");
  expect_refused("component,score_pct\nh 1 2,9\n", ":1: ", "no column 'removed'");
  expect_refused("layer,score_pct_after_removal\n1,9\n", ":1: ", "no column 'head'");
}

TEST(PublishedSearch, AValueOfTheWrongFormIsNamedWithItsLine) {
  for (const char* name :
       {"h 1", "h 1 2 3", "mlp", "mlp 1 2", "head 1 2", "h -1 2", "h 1  2", "", "mlp x"})
    expect_refused("component,score_pct,removed\n" + std::string(name) + ",9,1\n",
                   ":2: ", "is neither a head, as in 'h 11 0', nor an MLP, as in 'mlp 11'");
  expect_refused("layer,head,score_pct,removed\n1,-2,99,1\n", ":2: ", "neither can be negative");
  expect_refused("layer,head,score_pct,removed\n1,2,nan,1\n", ":2: ", "score_pct");
  expect_refused("layer,head,score_pct,removed\n1,2,99,2\n", ":2: ", "neither 0 nor 1");
}

TEST(PublishedSearch, OneWithoutDecisionsIsRefused) {
  expect_refused("layer,head,score_pct,removed\n", ": ", "holds no decisions");
  expect_refused("", ":1: ", "no column 'layer'");
}

}  // namespace
}  // namespace headsweep
