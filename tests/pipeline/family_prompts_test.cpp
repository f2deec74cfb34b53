// Families from a job file to prompts.
#include "pipeline/family_prompts.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "io/job.h"
#include "tests/golden.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FamilyPrompts : public testing::Test {
 protected:
  Job read(const std::string& families) {
    return read_job(folder_.write("job.yaml", "model: {path: m}\nfamilies:\n" + families));
  }
  std::vector<MadeFamily> made(const std::string& families, const AnswerCheck& check = {}) {
    return make_prompts(read(families).families, golden::gpt2_tokenizer(), check);
  }
  static std::vector<std::string> texts(const std::vector<Prompt>& prompts) {
    std::vector<std::string> all;
    for (const Prompt& prompt : prompts) all.push_back(prompt.text);
    return all;
  }
  void expect_refused(const std::string& families, const std::string& what) {
    EXPECT_THAT([&] { made(families); }, testing::ThrowsMessage<UserError>(HasSubstr(what)));
  }
  TemporaryFolder folder_;
};

const std::string number_words =
    "- {name: a, generate: {sequence: number_words, length: 4}, corrupt: repeat_last}\n";

TEST_F(FamilyPrompts, OfSeveralTokensAreLeftOutAndNamed) {
  const MadeFamily family = made(number_words).front();
  EXPECT_EQ(family.selection.generated, 16);
  // GPT-2 has the words with a space as tokens, but not all of them without.
  for (const Prompt& prompt : family.prompts.clean)
    EXPECT_EQ(golden::gpt2_tokenizer().encode(prompt.text).size(), 4u) << prompt.text;
  ASSERT_FALSE(family.selection.prompts.empty());
  EXPECT_EQ(family.prompts.clean.size() + family.selection.prompts.size(), 16u);
  EXPECT_THAT(family.selection.prompts.front().text, testing::StartsWith("eleven"));
  EXPECT_THAT(family.selection.prompts.front().reason,
              HasSubstr("'eleven' is 2 tokens at the beginning"));
  EXPECT_THAT(describe_left_out(family.selection), HasSubstr("of 16 prompts left out ('eleven'"));
}

TEST_F(FamilyPrompts, OfWhichNothingIsLeftAreRefused) {
  expect_refused(
      "- {name: a, generate: {sequence: words, words: [Apartmentalize, dog, cat], length: 2},\n"
      "   corrupt: repeat_last}\n",
      "job.yaml:3: family 'a': none of its 1 prompts can be used");
}

TEST_F(FamilyPrompts, TakeAnotherFamilysCleanPromptsAsCorruptedOnes) {
  // Published for repeated digits: clean i i i, corrupted i+1 i+1 i+1.
  const auto families = made(
      "- {name: same, generate: {sequence: repeat, start: [1, 2], length: 3},\n"
      "   corrupt: {family: next}}\n"
      "- {name: next, generate: {sequence: repeat, start: [2, 3], length: 3},\n"
      "   corrupt: repeat_random_element}\n");
  EXPECT_THAT(texts(families[0].prompts.clean), ElementsAre("1 1 1", "2 2 2"));
  EXPECT_THAT(texts(families[0].prompts.corrupted), ElementsAre("2 2 2", "3 3 3"));
  EXPECT_EQ(families[0].prompts.clean[0].distractor, "2");
  EXPECT_EQ(families[0].prompts.corrupted[1].origin, "family 'next', clean prompt 2");
}

TEST_F(FamilyPrompts, OfAnotherLengthAreRefusedAsCorruptedOnes) {
  expect_refused(
      "- {name: a, generate: {sequence: arithmetic, length: 3}, corrupt: {family: b}}\n"
      "- {name: b, generate: {sequence: arithmetic, length: 4}, corrupt: repeat_last}\n",
      "its prompts have 4 named positions, this family's 3");
}

TEST_F(FamilyPrompts, TakeCorruptedPromptsFromAFile) {
  folder_.write("c.json",
                R"({"corrupted": [{"text": "7 7", "answer": "1", "distractor": "2",
                                   "words": {"S1": "7", "S2": "7"}}]})");
  const auto families = made(
      "- {name: a, generate: {sequence: arithmetic, start: 3, length: 2}, corrupt: {file: "
      "c.json}}\n");
  EXPECT_THAT(texts(families[0].prompts.corrupted), ElementsAre("7 7"));
  expect_refused(
      "- {name: a, generate: {sequence: arithmetic, start: 3, length: 3}, corrupt: {file: "
      "c.json}}\n",
      "names other positions than the prompt at family 'a', clean prompt 1");
}

TEST_F(FamilyPrompts, ThatACorruptionWouldLeaveAsTheyAreAreRefused) {
  for (const std::string corruption : {"repeat_last", "repeat_all", "switch_last_two", "shuffle"})
    expect_refused(
        "- {name: a, generate: {sequence: repeat, start: 3}, corrupt: " + corruption + "}\n",
        "corrupt: " + corruption + ": leaves the prompt '3 3 3 3 3 3' as it is");
}

TEST_F(FamilyPrompts, NeedWordsToDrawFrom) {
  const std::string family = "- {name: a, generate: {sequence: arithmetic, start: 3, length: 2},\n";
  expect_refused(family + "   corrupt: {rule: random_items, words: [Apartmentalize, dog]}}\n",
                 "corrupt: random_items: has 1 words to draw from that are one token, and needs 2");
  expect_refused(family + "   corrupt: {rule: repeat_random_element, words: [eleven, dog]}}\n",
                 "corrupt: repeat_random_element: has 1 words");  // eleven begins no text
}

TEST_F(FamilyPrompts, KeepTheirSentenceWhenTheyAreCorrupted) {
  const auto families = made(
      "- name: a\n"
      "  generate: {sequence: arithmetic, start: 1, length: 4}\n"
      "  sentences: {templates: ['Adam is {item}. Bob is {item}. Claire is {item}. Don is {item}. "
      "Eve is']}\n"
      "  corrupt: repeat_last\n");
  const Prompt &clean = families[0].prompts.clean[0], &corrupted = families[0].prompts.corrupted[0];
  EXPECT_EQ(clean.text, "Adam is 1. Bob is 2. Claire is 3. Don is 4. Eve is");
  EXPECT_EQ(corrupted.text, "Adam is 1. Bob is 2. Claire is 3. Don is 3. Eve is");
  EXPECT_EQ(clean.answer, "5");
  EXPECT_EQ(corrupted.answer, "4");
  EXPECT_EQ(corrupted.distractor, "5");
}

const std::string sentences =
    "- name: a\n"
    "  generate: {sequence: arithmetic, start: [1, 3], length: 2}\n"
    "  sentences: {templates: ['{noun} at {item}.', 'A {noun} on {item}.'], per_template: 4,\n"
    "              fillers: {noun: [Van, Hat, Ring, Apartmentalize, Desk, Sun]}}\n";

TEST_F(FamilyPrompts, OfSentencesHaveEveryStartWithEverySentence) {
  const MadeFamily family = made(sentences + "  corrupt: {rule: random_items}\n").front();
  ASSERT_EQ(family.prompts.clean.size(), 2u * 4 * 3);
  EXPECT_EQ(family.prompts.clean[11].template_id, 0);
  EXPECT_EQ(family.prompts.clean[12].template_id, 1);
  EXPECT_EQ(family.prompts.corrupted[12].template_id, 1);
  ASSERT_EQ(family.selection.words.size(), 1u);
  EXPECT_EQ(family.selection.words[0].text, "Apartmentalize");
  for (const Prompt& prompt : family.prompts.clean)
    EXPECT_EQ(prompt.text.find("Apart"), std::string::npos);
}

TEST_F(FamilyPrompts, NeedEnoughFillersThatAreOneToken) {
  expect_refused(
      "- name: a\n"
      "  generate: {sequence: arithmetic, start: [1, 3], length: 2}\n"
      "  sentences: {templates: ['{x} at {item}.'], fillers: {x: [Van, Hat, Apartmentalize]}}\n"
      "  corrupt: repeat_last\n",
      "only 2 words of sentences.fillers.x are one token");
}

TEST_F(FamilyPrompts, ThatTheModelGetsWrongAreLeftOutWithTheirSentence) {
  std::string wrong;
  std::vector<std::size_t> asked;
  const auto one_is_wrong = [&](const std::vector<Prompt>& prompts, const KeepSpec& keep) {
    EXPECT_EQ(keep.times_distractor, 2);
    asked.push_back(prompts.size());
    if (wrong.empty()) wrong = prompts[4].text;  // the first template's second sentence
    std::vector<bool> right;
    for (const Prompt& prompt : prompts) right.push_back(prompt.text != wrong);
    return right;
  };
  const std::string keep = "  keep: {top: 1, times_distractor: 2";
  const auto families =
      made(sentences + keep + "}\n  corrupt: [repeat_last, switch_last_two]\n", one_is_wrong);
  EXPECT_THAT(asked, ElementsAre(12, 12)) << "both corruptions have the same clean prompts";
  EXPECT_EQ(families[0].prompts.clean.size(), 7u * 3);
  EXPECT_EQ(families[0].selection.prompts.size(), 3u);
  EXPECT_EQ(texts(families[1].prompts.clean), texts(families[0].prompts.clean));
  const auto capped =
      made(sentences + keep + ", per_template: 2}\n  corrupt: repeat_last\n", one_is_wrong);
  ASSERT_EQ(capped[0].prompts.clean.size(), 2u * 2 * 3);
  EXPECT_EQ(capped[0].selection.prompts.size(), 12u);
  EXPECT_EQ(capped[0].prompts.clean[5].text, families[0].prompts.clean[5].text);
  EXPECT_EQ(capped[0].prompts.clean[6].template_id, 1);
}

TEST_F(FamilyPrompts, AskTheModelForNoMoreSentencesThanAreWanted) {
  int asked = 0;
  const auto all_right = [&](const std::vector<Prompt>& prompts, const KeepSpec&) {
    asked += static_cast<int>(prompts.size());
    return std::vector<bool>(prompts.size(), true);
  };
  made(
      "- name: a\n"
      "  generate: {sequence: arithmetic, start: [1, 2], length: 2}\n"
      "  sentences: {templates: ['{x} at {item}.'], per_template: 100,\n"
      "              fillers: {x: [Van, Hat, Ring, Desk, Sun]}}\n"
      "  keep: {top: 1, per_template: 10}\n"
      "  corrupt: repeat_last\n",
      all_right);
  EXPECT_EQ(asked, 20);
}

TEST_F(FamilyPrompts, WithoutSentencesAreKeptOrLeftOutOneByOne) {
  const auto second_is_wrong = [](const std::vector<Prompt>& prompts, const KeepSpec&) {
    std::vector<bool> right(prompts.size(), true);
    right[1] = false;
    return right;
  };
  const auto families = made(
      "- {name: a, generate: {sequence: arithmetic, start: [1, 3], length: 2}, keep: {top: 1},\n"
      "   corrupt: repeat_last}\n",
      second_is_wrong);
  EXPECT_THAT(texts(families[0].prompts.clean), ElementsAre("1 2", "3 4"));
}

TEST_F(FamilyPrompts, AreTheSameOnEveryMachine) {
  // Drawn in Python from a splitmix64 of its own, as docs/families.md says. A change of these words
  // changes the prompts of jobs that are out there.
  const auto families = made(
      "- {name: a, generate: {sequence: arithmetic, start: [1, 2], length: 4},\n"
      "   corrupt: {rule: random_items, numbers: [1, 100], seed: 1}}\n");
  EXPECT_THAT(texts(families[0].prompts.corrupted), ElementsAre("96 29 34 74", "54 83 71 79"));
}

/// The examples of docs/families.md.
std::vector<std::string> documented() {
  std::ifstream file(std::filesystem::path(HEADSWEEP_SOURCE_FOLDER) / "docs/families.md");
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```yaml") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST_F(FamilyPrompts, OfTheDocumentationCanBeMadeAndOutliveTheResolvedJob) {
  const auto all_right = [](const std::vector<Prompt>& prompts, const KeepSpec&) {
    return std::vector<bool>(prompts.size(), true);
  };
  const auto blocks = documented();
  EXPECT_GE(blocks.size(), 5u);
  for (const std::string& block : blocks) {
    const Job job = read(block);
    const std::string resolved = resolved_job(job);
    const Job again = read_job(folder_.write("again.yaml", resolved));
    EXPECT_EQ(resolved_job(again), resolved);
    const auto before = make_prompts(job.families, golden::gpt2_tokenizer(), all_right),
               after = make_prompts(again.families, golden::gpt2_tokenizer(), all_right);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_FALSE(before[i].prompts.clean.empty());
      EXPECT_EQ(texts(before[i].prompts.clean), texts(after[i].prompts.clean)) << resolved;
      EXPECT_EQ(texts(before[i].prompts.corrupted), texts(after[i].prompts.corrupted)) << resolved;
      EXPECT_EQ(name_of(job.families[i].corruption), name_of(again.families[i].corruption));
    }
  }
}

}  // namespace
}  // namespace headsweep
