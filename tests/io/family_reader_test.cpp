// The families of a job file: what is taken, and what is refused with file, line, key and advice.
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/job.h"
#include "io/sentence_template.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReadFamilies : public testing::Test {
 protected:
  std::vector<FamilySpec> read(const std::string& families) {
    return read_job(folder_.write("job.yaml", "model: {path: m}\nfamilies:\n" + families)).families;
  }
  std::string error(const std::string& families) {
    return complaint_from("job.yaml", [&] { read(families); });
  }
  static std::string generated(const std::string& generate, const std::string& rest = "") {
    return "- {name: a, corrupt: repeat_last, generate: {" + generate + "}" + rest + "}\n";
  }
  std::string generate_error(const std::string& generate) { return error(generated(generate)); }
  std::string corrupt_error(const std::string& corrupt) {
    return error("- {name: a, generate: {sequence: arithmetic}, corrupt: " + corrupt + "}\n");
  }
  std::string sentences_error(const std::string& sentences) {
    return error(generated("sequence: arithmetic, length: 3", ", sentences: {" + sentences + "}"));
  }
  template <class Spec>
  Spec sequence(const std::string& generate) {
    return std::get<Spec>(read(generated(generate)).front().generate->sequence);
  }
  TemporaryFolder folder_;
};

TEST_F(ReadFamilies, GivesListsTheStartsForWhichPromptAndAnswerFit) {
  const auto months = sequence<ListSpec>("sequence: months, length: 4");
  EXPECT_EQ(months.list.first_start, 0);
  EXPECT_EQ(months.list.last_start, 7);
  EXPECT_EQ(sequence<ListSpec>("sequence: months, length: 4, wrap: true").list.last_start, 11);
  EXPECT_EQ(sequence<ListSpec>("sequence: months, length: 4, distractor: next").list.last_start, 6);
  const auto down = sequence<ListSpec>("sequence: months, length: 4, step: -2");
  EXPECT_EQ(down.list.first_start, 8);
  EXPECT_EQ(down.list.last_start, 11);
}

TEST_F(ReadFamilies, TakesStartsOfListsAsWordsInTheirCase) {
  const auto letters = sequence<ListSpec>("sequence: letters, case: upper, start: [B, D]");
  EXPECT_EQ(letters.list.first_start, 1);
  EXPECT_EQ(letters.list.last_start, 3);
  EXPECT_EQ(letters.list.words[1], "B");
  EXPECT_THAT(generate_error("sequence: letters, case: upper, start: b"),
              HasSubstr("generate.start: 'b' is no word of the list (did you mean 'B'?)"));
  EXPECT_THAT(generate_error("sequence: months, start: [May, March]"), HasSubstr("swap them"));
  EXPECT_THAT(generate_error("sequence: months, start: October"),
              HasSubstr("the prompt that starts at 'October' and its answer go beyond"));
  EXPECT_THAT(generate_error("sequence: months, length: 12"), HasSubstr("wrap: true"));
  EXPECT_THAT(generate_error("sequence: months, length: 4, wrap: true, step: 12"),
              HasSubstr("to the same word again"));
}

TEST_F(ReadFamilies, RefusesListsOfWordsThatCannotBe) {
  EXPECT_THAT(generate_error("sequence: words"), HasSubstr("generate.words: is missing"));
  EXPECT_THAT(generate_error("sequence: words, words: [a]"), HasSubstr("at least 2 are needed"));
  EXPECT_THAT(generate_error("sequence: words, words: [a, b, a]"),
              HasSubstr("generate.words.2: 'a' stands in the list already"));
  EXPECT_THAT(generate_error("sequence: words, words: [a, ' b']"), HasSubstr("has a space"));
  EXPECT_THAT(generate_error("sequence: words, words: [a, A, b], case: lower, length: 2"),
              HasSubstr("generate.case: makes two words of the list the same"));
}

TEST_F(ReadFamilies, TakesRepeatsOfNumbersAndOfWords) {
  const auto numbers = sequence<RepeatSpec>("sequence: repeat, start: [3, 4]");
  EXPECT_THAT(numbers.list.words, ElementsAre("3", "4", "5"));
  EXPECT_EQ(numbers.list.last_start, 1);
  EXPECT_EQ(sequence<RepeatSpec>("sequence: repeat, of: weekdays").list.last_start, 5);
  EXPECT_THAT(generate_error("sequence: repeat, distractor: last"), HasSubstr("unknown key"));
  EXPECT_THAT(generate_error("sequence: repeat, of: month"), HasSubstr("did you mean 'months'?"));
  EXPECT_THAT(generate_error("sequence: repeat, case: upper"), HasSubstr("beside numbers"));
  EXPECT_THAT(generate_error("sequence: arithmetic, step: 0"), HasSubstr("use sequence: repeat"));
}

TEST_F(ReadFamilies, RefusesNumbersBeyondReason) {
  EXPECT_THAT(generate_error("sequence: geometric, ratio: 1"), HasSubstr("must be from 2"));
  EXPECT_THAT(generate_error("sequence: geometric, start: 0"), HasSubstr("must be from 1"));
  EXPECT_THAT(generate_error("sequence: geometric, length: 40"), HasSubstr("above 1000000000"));
  EXPECT_THAT(generate_error("sequence: recurrence"), HasSubstr("generate.start: is missing"));
  EXPECT_THAT(generate_error("sequence: recurrence, start: [[1, 1, 2]]"),
              HasSubstr("generate.start.0: must be the sequence's first 2 numbers"));
  EXPECT_THAT(generate_error("sequence: recurrence, start: [[1, 1]], weights: []"),
              HasSubstr("generate.weights: must be a list of 1 to 8 numbers"));
  EXPECT_THAT(generate_error("sequence: recurrence, start: [[5, 1]], weights: [-1, 0]"),
              HasSubstr("no number may be negative"));
}

TEST_F(ReadFamilies, NamesMisspeltKeysAndValues) {
  EXPECT_EQ(generate_error("sequence: geometric, step: 2"),
            "job.yaml:3: families.0.generate.step: unknown key (allowed: sequence, start, ratio, "
            "length, distractor)");
  EXPECT_THAT(generate_error("sequnce: months"), HasSubstr("did you mean 'sequence'?"));
  EXPECT_THAT(generate_error("sequence: arithmetic, distractor: lst"),
              HasSubstr("generate.distractor: 'lst' is not one of: last, first, next"));
  EXPECT_THAT(corrupt_error("repeat_lst"), HasSubstr("did you mean 'repeat_last'?"));
  EXPECT_THAT(corrupt_error("{rul: shuffle}"), HasSubstr("did you mean 'rule'?"));
  EXPECT_THAT(corrupt_error("{rule: shuffle, sead: 1}"), HasSubstr("did you mean 'seed'?"));
}

TEST_F(ReadFamilies, TakesSeveralCorruptionsAsSeveralRuns) {
  const auto families = read(
      "- {name: a, generate: {sequence: arithmetic},\n"
      "   corrupt: [repeat_last, {rule: random_items, numbers: [1, 100], seed: 5}, {family: b},\n"
      "             {file: c.json}]}\n"
      "- {name: b, generate: {sequence: arithmetic, step: 2}, corrupt: shuffle}\n");
  std::vector<std::string> names;
  for (const FamilySpec& family : families)
    names.push_back(family.name + "." + name_of(family.corruption));
  EXPECT_THAT(names,
              ElementsAre("a.repeat_last", "a.random_items", "a.family-b", "a.file", "b.shuffle"));
  EXPECT_EQ(families[1].corruption.seed, 5);
  EXPECT_EQ(families[1].corruption.numbers, std::pair(1, 100));
  EXPECT_EQ(families[3].corruption.file, folder_.path() / "c.json");
}

TEST_F(ReadFamilies, RefusesCorruptionsThatCannotBe) {
  EXPECT_THAT(corrupt_error("[]"), HasSubstr("corrupt: is an empty list"));
  EXPECT_THAT(corrupt_error("{}"), HasSubstr("give it 'rule', 'family' or 'file'"));
  EXPECT_THAT(corrupt_error("[shuffle, {rule: shuffle, seed: 1}]"),
              HasSubstr("corrupt.1: 'shuffle' is in the list already"));
  EXPECT_THAT(corrupt_error("{family: a}"), HasSubstr("names the family itself"));
  EXPECT_THAT(corrupt_error("{family: b}"), HasSubstr("the job has no family 'b'"));
  EXPECT_THAT(corrupt_error("{rule: repeat_last, seed: 1}"), HasSubstr("unknown key"));
  EXPECT_THAT(corrupt_error("{rule: random_items, numbers: [1, 9], words: [a, b]}"),
              HasSubstr("corrupt.words: stands beside 'numbers'"));
  EXPECT_THAT(corrupt_error("{rule: random_items, seed: -1}"), HasSubstr("corrupt.seed: must be"));
}

TEST_F(ReadFamilies, RefusesSentencesThatCannotBe) {
  EXPECT_THAT(sentences_error("templates: []"), HasSubstr("is an empty list; add a template"));
  EXPECT_THAT(sentences_error("templates: ['{item} and {item}']"),
              HasSubstr("sentences.templates.0: has 2 times {item}, but the sequence has 3 items"));
  EXPECT_THAT(sentences_error("templates: ['no slot']"), HasSubstr("has 0 times {item}"));
  EXPECT_THAT(sentences_error("templates: ['{item} {item} {item} ']"), HasSubstr("with a space"));
  EXPECT_THAT(sentences_error("templates: ['{x} at {item}.']"),
              HasSubstr("the slot {x} has no words; add them under sentences.fillers.x"));
  EXPECT_THAT(sentences_error("templates: ['{x} at {item}.'], fillers: {x: [a, b, c]}"),
              HasSubstr("takes 4 different words for {x}, but it has 3"));
  EXPECT_THAT(sentences_error("templates: ['at {item}.'], fillers: {x: [a]}"),
              HasSubstr("fillers.x: no template has the slot {x}"));
  EXPECT_THAT(sentences_error("templates: ['at {item}.'], per_template: 2"),
              HasSubstr("all sentences of a template would be the same"));
  EXPECT_THAT(sentences_error("templates: ['at {item.']"), HasSubstr("brace without its partner"));
  EXPECT_THAT(sentences_error("templates: ['({item})']"), HasSubstr("needs a space before"));
  EXPECT_THAT(sentences_error("templates: ['the {item}th']"), HasSubstr("after the slot {item}"));
}

TEST_F(ReadFamilies, RefusesWhatSaysNothingOfPromptsToKeep) {
  const auto keep = [&](const std::string& keys) {
    return error(generated("sequence: arithmetic", ", keep: {" + keys + "}"));
  };
  EXPECT_THAT(keep(""), HasSubstr("keep: says nothing of which prompts to keep"));
  EXPECT_THAT(keep("per_template: 3"), HasSubstr("keep: says nothing"));
  EXPECT_THAT(keep("top: 2"), HasSubstr("keep.top: must be from 1 to 1"));
  EXPECT_THAT(keep("times_distractor: 0"), HasSubstr("must be above 0"));
  EXPECT_EQ(keep("top: 1"), "");
}

TEST_F(ReadFamilies, RefusesGeneratedPartsBesideAFile) {
  for (const std::string part : {"keep: {top: 1}", "sentences: {templates: ['{item}.']}"})
    EXPECT_THAT(error("- {name: a, file: f, " + part + "}\n"), HasSubstr("stands beside 'file'"));
}

TEST_F(ReadFamilies, RefusesMorePromptsThanAreSensible) {
  EXPECT_THAT(
      error(generated("sequence: arithmetic, start: [1, 1000], length: 2",
                      ", sentences: {templates: ['{x} at {item}.'], fillers: {x: [a, b, c]},\n"
                      "  per_template: 101}")),
      HasSubstr("makes 101000 prompts"));
}

TEST(SentenceTemplates, AreSpreadOverTheItems) {
  std::string text;
  for (const auto& [before, slot] : spread_over(parse_template("{x} in {item}."), 2))
    text += before + "<" + slot + ">";
  EXPECT_EQ(text, "<x> in <item>. <x> in <item>. <x> in<>");
}

TEST_F(ReadFamilies, ManyThatNameOneAnotherTakeLittleTime) {
  std::string families = "- {name: f, generate: {sequence: arithmetic}, corrupt: repeat_last}\n";
  for (int i = 0; i < 4000; ++i)
    families += fmt::format(
        "- {{name: f{}, generate: {{sequence: arithmetic}}, corrupt: {{family: f}}}}\n", i);
  // A quadratic look-up takes minutes.
  EXPECT_EQ(read(families).size(), 4001u);
}

}  // namespace
}  // namespace headsweep
