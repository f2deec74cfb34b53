#include "io/prompt_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;

class ReadPromptFile : public testing::Test {
 protected:
  PromptFamily read(const std::string& text, const std::string& name = "f.yaml") {
    return read_prompt_file(folder_.write(name, text), "odd");
  }
  std::string error(const std::string& text, const std::string& name = "f.yaml") {
    return complaint_from(name, [&] { read(text, name); });
  }
  /// The error of a family of which the first clean prompt is this, on line 2.
  std::string prompt_error(const std::string& prompt) {
    return error("clean:\n- {" + prompt + "}\ncorrupted:\n- {text: a, answer: b, distractor: c}\n");
  }
  TemporaryFolder folder_;
};

TEST_F(ReadPromptFile, KeepsTheOrderOfWords) {
  const PromptFamily family = read(
      "clean:\n"
      "- {text: 2 4 6, answer: 8, distractor: 6, template: 3, joined: true, words: {S2: 2, S10: 4, "
      "S1: 6}}\n"
      "corrupted:\n"
      "- text: 2 4 4\n"
      "  answer: 8\n"
      "  distractor: 6\n"
      "  words: {S2: 2, S10: 4, S1: 4}\n");
  EXPECT_EQ(family.name, "odd");
  ASSERT_EQ(family.clean.size(), 1u);
  EXPECT_EQ(family.clean[0].text, "2 4 6");
  EXPECT_EQ(family.clean[0].answer, "8");
  EXPECT_EQ(family.clean[0].distractor, "6");
  EXPECT_EQ(family.clean[0].template_id, 3);
  EXPECT_THAT(family.clean[0].words,
              ElementsAre(Pair("S2", "2"), Pair("S10", "4"), Pair("S1", "6")));
  EXPECT_THAT(family.clean[0].origin, EndsWith("f.yaml:2"));
  EXPECT_THAT(family.corrupted[0].origin, EndsWith("f.yaml:4"));
  EXPECT_EQ(family.corrupted[0].template_id, 0);
  EXPECT_TRUE(family.clean[0].joined);
  EXPECT_FALSE(family.corrupted[0].joined);
}

TEST_F(ReadPromptFile, ReadsTheGoldenFamilies) {
  const std::filesystem::path folder = HEADSWEEP_TEST_DATA "/golden/families";
  for (const char* name : {"even", "mixed", "numwords", "ragged", "step3"}) {
    const auto path = folder / (std::string(name) + ".json");
    const PromptFamily family = read_prompt_file(path, name);
    EXPECT_GE(family.clean.size(), 7u) << name;
    EXPECT_EQ(family.clean.size(), family.corrupted.size()) << name;
    EXPECT_EQ(family.clean[0].origin, path.string() + ":3");
    EXPECT_GE(family.clean[0].words.size(), 4u) << name;
  }
  const PromptFamily ragged = read_prompt_file(folder / "ragged.json", "ragged");
  EXPECT_EQ(ragged.clean[1].text,
            "Van done in 2. Hat done in 3. Ring done in 4. Desk done in 5. Sun done in");
  EXPECT_EQ(ragged.clean[1].answer, "6");
}

TEST_F(ReadPromptFile, ReadsEmojiAndTabsInJson) {
  const PromptFamily family = read(
      "{\"clean\":[{\"text\":\"a "
      "\\ud83d\\ude00\",\"answer\":\"\\ud83d\\ude00\",\"distractor\":\"c\"}],\n"
      "\t\"corrupted\"\t:\t[{\"text\":\"a\\tb\",\"answer\":\"b\",\"distractor\":\"c\",\"words\":{}}"
      "]}",
      "f.json");
  EXPECT_EQ(family.clean[0].text, "a 😀");
  EXPECT_EQ(family.clean[0].answer, "😀");
  EXPECT_EQ(family.corrupted[0].text, "a\tb");
}

TEST_F(ReadPromptFile, SaysWhatIsMissing) {
  EXPECT_EQ(prompt_error("answer: b, distractor: c"), "f.yaml:2: clean.0.text: is missing; add it");
  EXPECT_EQ(prompt_error("text: a, distractor: c"), "f.yaml:2: clean.0.answer: is missing; add it");
  EXPECT_EQ(prompt_error("text: a, answer: c"), "f.yaml:2: clean.0.distractor: is missing; add it");
  EXPECT_EQ(error("clean: [{text: a, answer: b, distractor: c}]\n"),
            "f.yaml:1: corrupted: is missing; add it");
  EXPECT_EQ(error("clean: []\ncorrupted: []\n"), "f.yaml:1: clean: is an empty list; add prompts");
  EXPECT_THROW(read_prompt_file(folder_.path() / "none.json", "odd"), UserError);
}

TEST_F(ReadPromptFile, RefusesEmptyValues) {
  EXPECT_THAT(prompt_error("text: a, answer: null, distractor: c"),
              HasSubstr("clean.0.answer: must be a text, but is empty"));
  EXPECT_THAT(prompt_error("text: a, answer: , distractor: c"),
              HasSubstr("clean.0.answer: must be"));
  EXPECT_THAT(prompt_error("text: '', answer: b, distractor: c"), HasSubstr("must not be empty"));
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, words: {S1: }"),
              HasSubstr("clean.0.words.S1: must be a text"));
}

TEST_F(ReadPromptFile, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(prompt_error("text: a, awnser: b, distractor: c"),
            "f.yaml:2: clean.0.awnser: unknown key (did you mean 'answer'?)");
  EXPECT_EQ(error("clean: []\ncorupted: []\n"),
            "f.yaml:2: corupted: unknown key (did you mean 'corrupted'?)");
}

TEST_F(ReadPromptFile, RefusesWordsWithSpacesAroundThem) {
  EXPECT_EQ(prompt_error("text: a, answer: ' 14', distractor: c"),
            "f.yaml:2: clean.0.answer: ' 14' begins with a space (words are written without) leave "
            "the space out");
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: 'c '"),
              HasSubstr("clean.0.distractor: 'c ' ends with a space"));
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, words: {S1: ' a'}"),
              HasSubstr("clean.0.words.S1: ' a' begins with a space"));
}

TEST_F(ReadPromptFile, RefusesAnAnswerThatIsTheDistractor) {
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: b"),
              HasSubstr("f.yaml:2: clean.0.distractor: is the same as the answer, 'b'"));
}

TEST_F(ReadPromptFile, RefusesTheReservedPositionName) {
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, words: {end: a}"),
              HasSubstr("f.yaml:2: clean.0.words.end: this position name is reserved"));
}

TEST_F(ReadPromptFile, RefusesPromptsThatNameOtherPositions) {
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, words: {S1: a}"),
              HasSubstr("f.yaml:4: corrupted.0: names other positions than the prompt at "));
  const std::string prompt = "{text: a b, answer: c, distractor: d, words: ";
  EXPECT_THAT(error("clean:\n- " + prompt + "{S1: a, S2: b}}\n- " + prompt +
                    "{S2: b, S1: a}}\ncorrupted:\n- " + prompt + "{S1: a, S2: b}}\n"),
              HasSubstr("f.yaml:3: clean.1: names other positions"));
}

TEST_F(ReadPromptFile, RefusesWrongTypes) {
  EXPECT_EQ(error("clean: 3\ncorrupted: []\n"), "f.yaml:1: clean: must be a list, but is '3'");
  EXPECT_THAT(error("- a\n"), HasSubstr("must be a mapping (key: value), but is a list"));
  EXPECT_THAT(prompt_error("text: [a], answer: b, distractor: c"),
              HasSubstr("clean.0.text: must be a text, but is a list"));
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, template: x"),
              HasSubstr("clean.0.template: must be a whole number, but is 'x'"));
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, template: -1"),
              HasSubstr("clean.0.template: must be from 0 to "));
  EXPECT_THAT(prompt_error("text: a, answer: b, distractor: c, words: [a]"),
              HasSubstr("clean.0.words: must be a mapping (key: value), but is a list"));
}

}  // namespace
}  // namespace headsweep
