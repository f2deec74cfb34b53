// Sequences, sentences and corruptions: words in, words out. Expected words are written out by
// hand, after the published experiments where there are such.
#include "pipeline/generators.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/word_lists.h"
#include "pipeline/corruptions.h"
#include "pipeline/sentences.h"

namespace headsweep {
namespace {

using testing::ElementsAre;

WordList whole_list(const std::string& name, int first, int last) {
  return {name, words_of_list(name), first, last};
}

TEST(ArithmeticSequences, AreTheSeedsAndMayCountDown) {
  const auto even = make_sequences({ArithmeticSpec{1, 10, 2, 6}});
  ASSERT_EQ(even.size(), 10u);
  EXPECT_EQ(even[1], (Sequence{{"2", "4", "6", "8", "10", "12"}, "14", "12"}));
  const auto down = make_sequences({ArithmeticSpec{21, 21, -1, 10}});
  EXPECT_EQ(down[0].items.back(), "12");
  EXPECT_EQ(down[0].answer, "11");
}

TEST(GeometricSequences, AreThePublishedPowersOfTwo) {
  const auto powers = make_sequences({GeometricSpec{2, 2, 2, 5}});
  EXPECT_THAT(powers, ElementsAre(Sequence{{"2", "4", "8", "16", "32"}, "64", "32"}));
}

TEST(Recurrences, WithWeightsOneAndOneAreFibonaccis) {
  const auto numbers = make_sequences({RecurrenceSpec{{{1, 1}, {2, 1}}, {1, 1}, 6}});
  EXPECT_THAT(numbers, ElementsAre(Sequence{{"1", "1", "2", "3", "5", "8"}, "13", "8"},
                                   Sequence{{"2", "1", "3", "4", "7", "11"}, "18", "11"}));
}

TEST(Recurrences, GiveTheFirstWeightToTheNumberFurthestBack) {
  const auto jacobsthal = make_sequences({RecurrenceSpec{{{0, 1}}, {2, 1}, 6}});
  EXPECT_THAT(jacobsthal, ElementsAre(Sequence{{"0", "1", "1", "3", "5", "11"}, "21", "11"}));
}

TEST(WordSequences, FollowTheirListAndWrapIfAsked) {
  const auto months = make_sequences({ListSpec{whole_list("months", 7, 7), 1, false, 4}});
  EXPECT_THAT(months, ElementsAre(Sequence{
                          {"August", "September", "October", "November"}, "December", "November"}));
  const auto days = make_sequences({ListSpec{whole_list("weekdays", 5, 5), 1, true, 3}});
  EXPECT_THAT(days, ElementsAre(Sequence{{"Saturday", "Sunday", "Monday"}, "Tuesday", "Monday"}));
  const auto back = make_sequences({ListSpec{whole_list("letters", 5, 5), -2, false, 2}});
  EXPECT_THAT(back, ElementsAre(Sequence{{"f", "d"}, "b", "d"}));
}

TEST(Repeats, HaveTheNextWordAsDistractor) {
  const auto repeats =
      make_sequences({RepeatSpec{whole_list("letters", 0, 1), 3}, Distractor::next});
  EXPECT_THAT(repeats, ElementsAre(Sequence{{"a", "a", "a"}, "a", "b"},
                                   Sequence{{"b", "b", "b"}, "b", "c"}));
}

TEST(Distractors, AreTheLastTheFirstOrTheNextWord) {
  const auto distractor = [](Distractor which) {
    return make_sequences({ArithmeticSpec{3, 3, 2, 4}, which}).front().distractor;
  };
  EXPECT_EQ(distractor(Distractor::last), "9");
  EXPECT_EQ(distractor(Distractor::first), "3");
  EXPECT_EQ(distractor(Distractor::next), "13");
}

TEST(InSequence, IsWhatTheRuleSaysBeyondTheFamilysOwnPrompts) {
  const SequenceSpec odd = ArithmeticSpec{1, 3, 2, 4};
  EXPECT_TRUE(follows(odd, "41", "43"));
  EXPECT_FALSE(follows(odd, "43", "41"));
  EXPECT_FALSE(follows(odd, "Mars", "43"));
  EXPECT_TRUE(follows(GeometricSpec{1, 1, 3, 4}, "9", "27"));
  EXPECT_FALSE(follows(GeometricSpec{1, 1, 1000, 4}, "9223372036854775807", "1"));
  EXPECT_TRUE(follows(RecurrenceSpec{{{1, 1}}, {1, 1}, 5}, "5", "8"));  // 8 is the answer
  EXPECT_FALSE(follows(RecurrenceSpec{{{1, 1}}, {1, 1}, 5}, "8", "13"));
  EXPECT_TRUE(follows(ListSpec{whole_list("weekdays", 0, 0), 1, true, 2}, "Sunday", "Monday"));
  EXPECT_FALSE(follows(ListSpec{whole_list("weekdays", 0, 0), 1, false, 2}, "Sunday", "Monday"));
  EXPECT_TRUE(follows(RepeatSpec{whole_list("letters", 0, 1), 3}, "a", "a"));
}

TEST(Sentences, SayATemplateAgainForEachItemUpToTheAnswersPlace) {
  // Released data of the paper: "X1 done in S1. X2 done in S2. ... X5 done in".
  SentenceSpec spec{{"{noun} done in {item}."}, {{"noun", {"Van", "Hat", "Ring"}}}, 1, 0};
  const auto sentences = make_sentences(spec, 2);
  ASSERT_EQ(sentences.size(), 1u);
  const Prompt prompt = put_into(sentences[0], {{"one", "two"}, "three", "two"});
  std::string text = prompt.text;
  std::multiset<std::string> nouns;
  for (const std::string noun : {"Van", "Hat", "Ring"}) {
    const auto at = text.find(noun);
    ASSERT_NE(at, std::string::npos) << prompt.text;
    text.replace(at, noun.size(), "X");
  }
  EXPECT_EQ(text, "X done in one. X done in two. X done in");
  EXPECT_EQ(prompt.answer, "three");
  EXPECT_THAT(prompt.words, ElementsAre(std::pair<std::string, std::string>("S1", "one"),
                                        std::pair<std::string, std::string>("S2", "two")));
}

TEST(Sentences, TakeATemplateWithAllItemsAsItIs) {
  const SentenceSpec spec{{"Adam is {item}. Bob is {item}. Eve is"}, {}, 1, 0};
  EXPECT_EQ(put_into(make_sentences(spec, 2)[0], {{"1", "2"}, "3", "2"}).text,
            "Adam is 1. Bob is 2. Eve is");
}

TEST(Sentences, DependOnTheSeedTheTemplateAndTheNumberOnly) {
  SentenceSpec spec{{"{x} at {item}", "{x} on {item}"}, {{"x", words_of_list("letters")}}, 20, 4};
  const auto texts = [&] {
    std::vector<std::string> all;
    for (const Sentence& sentence : make_sentences(spec, 3))
      all.push_back(put_into(sentence, {{"1", "2", "3"}, "4", "3"}).text);
    return all;
  };
  const auto first = texts();
  EXPECT_EQ(first.size(), 40u);
  EXPECT_EQ(texts(), first);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), 40u);
  spec.per_template = 5;
  const auto fewer = texts();
  EXPECT_TRUE(std::equal(fewer.begin(), fewer.begin() + 5, first.begin()));
  spec.seed = 5;
  EXPECT_NE(texts()[0], first[0]);
}

const Words four = {"1", "2", "3", "4"};

TEST(Corruptions, ByRuleAreThePublishedOnes) {
  EXPECT_THAT(repeat_last(four), ElementsAre("1", "2", "3", "3"));
  EXPECT_THAT(repeat_all(four), ElementsAre("1", "1", "1", "1"));
  EXPECT_THAT(switch_last_two(four), ElementsAre("1", "2", "4", "3"));
}

TEST(Corruptions, RandomItemsAreOfThePoolAndNeverEndInSequence) {
  Words pool;
  for (int i = 1; i <= 12; ++i) pool.push_back(std::to_string(i));
  const SequenceSpec spec = ArithmeticSpec{1, 8, 1, 4};
  const auto in_sequence = [&](const auto& a, const auto& b) { return follows(spec, a, b); };
  RandomNumbers random{3};
  std::set<std::string> first, last;
  for (int i = 0; i < 1000; ++i) {
    const auto items = random_items(4, {pool, pool}, in_sequence, random);
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 4u);
    EXPECT_NE(std::stoi((*items)[3]), std::stoi((*items)[2]) + 1);
    first.insert(items->front());
    last.insert(items->back());
  }
  EXPECT_EQ(first.size(), 12u);
  EXPECT_EQ(last.size(), 12u);
}

TEST(Corruptions, RandomItemsAreNothingWhereAllWouldBeInSequence) {
  RandomNumbers random{1};
  const auto always = [](const std::string&, const std::string&) { return true; };
  EXPECT_FALSE(random_items(2, {{"a", "b"}, {"a", "b"}}, always, random));
  const auto after_a = [](const std::string& word, const std::string&) { return word == "a"; };
  EXPECT_FALSE(random_items(2, {{"a"}, {"a", "b"}}, after_a, random));
  EXPECT_TRUE(random_items(3, {{"a"}, {"a", "b"}}, after_a, random));
}

TEST(Corruptions, RandomItemsBeginWithWordsThatAreOneTokenThere) {
  RandomNumbers random{1};
  const auto never = [](const std::string&, const std::string&) { return false; };
  std::set<std::string> later;
  for (int i = 0; i < 20; ++i) {
    const auto items = random_items(3, {{"a"}, {"a", "b"}}, never, random);
    ASSERT_TRUE(items);
    EXPECT_EQ(items->front(), "a");
    later.insert(items->back());
  }
  EXPECT_EQ(later.size(), 2u);
  EXPECT_FALSE(random_items(3, {{}, {"a", "b"}}, never, random));
}

TEST(Corruptions, AShuffleIsEveryOrderButTheCleanOne) {
  RandomNumbers random{2};
  std::set<Words> orders;
  for (int i = 0; i < 400; ++i) {
    const auto items = shuffle_items({"1", "2", "3"}, random);
    ASSERT_TRUE(items);
    orders.insert(*items);
  }
  EXPECT_EQ(orders.size(), 5u);
  EXPECT_FALSE(orders.contains({"1", "2", "3"}));
  EXPECT_FALSE(shuffle_items({"a", "a"}, random));
}

TEST(Corruptions, ARandomElementIsNeverTheOneThatWasRepeated) {
  RandomNumbers random{2};
  for (int i = 0; i < 50; ++i)
    EXPECT_THAT(repeat_random_element({"a", "a"}, {"a", "b"}, random), ElementsAre("b", "b"));
}

TEST(RandomNumbers, AreThoseOfSplitmix64) {
  // The first outputs for seed 1234567 (Vigna's reference implementation).
  EXPECT_EQ(random_bits(1234567), 6457827717110365317u);
  EXPECT_EQ(random_bits(1234567 + 0x9e3779b97f4a7c15u), 3203168211198807973u);
}

TEST(RandomNumbers, BelowACountAreEquallyLikely) {
  RandomNumbers random{1};
  std::vector<int> seen(6);
  for (int i = 0; i < 60000; ++i) ++seen[random.below(6)];
  // Five standard deviations of a binomial with 60,000 draws of 1/6.
  for (const int count : seen) EXPECT_NEAR(count, 10000, 5 * 91.3);
}

}  // namespace
}  // namespace headsweep
