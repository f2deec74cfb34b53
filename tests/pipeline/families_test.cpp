#include "pipeline/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path test_data = HEADSWEEP_TEST_DATA;

const Tokenizer& tokenizer() {
  static const Tokenizer gpt2(test_data / "gpt2-tokenizer");
  return gpt2;
}

void expect_same_prompts(const std::vector<Prompt>& got, const std::vector<Prompt>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].text, expected[i].text);
    EXPECT_EQ(got[i].answer, expected[i].answer);
    EXPECT_EQ(got[i].distractor, expected[i].distractor);
    EXPECT_EQ(got[i].template_id, expected[i].template_id);
    EXPECT_EQ(got[i].words, expected[i].words);
  }
}

FamilySpec arithmetic(const std::string& name, ArithmeticSpec spec) {
  FamilySpec family;
  family.name = name;
  family.generate = {spec, Distractor::last};
  return family;
}

PromptFamily made(const FamilySpec& spec) {
  return make_prompts({spec}, tokenizer()).front().prompts;
}

TEST(Prompts, ArithmeticAndRepeatLastMakeTheReferencesFamilies) {
  for (const auto& spec :
       {arithmetic("even", {.first_start = 1, .last_start = 10, .step = 2, .length = 6}),
        arithmetic("step3", {.first_start = 2, .last_start = 13, .step = 3, .length = 6})}) {
    const PromptFamily expected =
        read_prompt_file(test_data / "golden/families" / (spec.name + ".json"), spec.name);
    const PromptFamily got = made(spec);
    EXPECT_EQ(got.name, spec.name);
    expect_same_prompts(got.clean, expected.clean);
    expect_same_prompts(got.corrupted, expected.corrupted);
  }
}

TEST(Prompts, ThatAreMadeSayWhereTheyComeFrom) {
  const PromptFamily family =
      made(arithmetic("even", {.first_start = 4, .last_start = 6, .step = 2, .length = 3}));
  EXPECT_EQ(family.clean[1].origin, "family 'even', clean prompt 2");
  EXPECT_EQ(family.corrupted[2].origin, "family 'even', corrupted prompt 3");
}

TEST(Prompts, OfAFamilyWithAFileAreRead) {
  FamilySpec spec;
  spec.name = "ragged";
  spec.file = test_data / "golden/families/ragged.json";
  spec.corruption.kind = Corruption::of_file;
  const PromptFamily got = made(spec);
  expect_same_prompts(got.clean, read_prompt_file(*spec.file, "ragged").clean);
  EXPECT_EQ(got.clean.size(), 10u);
}

/// Prompts as a user could write them: "A 3 5" and its corrupted form "A 3 3".
Prompt written(const std::string& text, const std::string& origin) {
  return {text, "7", "5", 0, {{"S1", "3"}}, origin, false};
}

class Tokenizing : public testing::Test {
 protected:
  Family tokenized(Ablation ablation = Ablation::mean, Positions positions = Positions::all) const {
    return tokenize_family(prompts, tokenizer(), config, ablation, positions);
  }

  void expect_refused(const std::string& where, const std::string& what,
                      Ablation ablation = Ablation::mean) const {
    EXPECT_THAT([&] { tokenized(ablation); },
                testing::ThrowsMessage<UserError>(
                    testing::AllOf(testing::StartsWith(where + ": "), HasSubstr(what))));
  }

  ModelConfig config{
      .layers = 1, .heads = 1, .d_model = 4, .d_mlp = 4, .positions = 8, .vocabulary = 50257};
  PromptFamily prompts{"mine",
                       {written("A 3 5", "mine.json:3"), written("B 3 5", "mine.json:4")},
                       {written("A 3 3", "mine.json:8"), written("B 3 3", "mine.json:9")}};
};

TEST_F(Tokenizing, FindsTokensAnswersAndPositions) {
  const Family family = tokenized();
  EXPECT_THAT(family.clean.tokens,
              ElementsAre(ElementsAre(32, 513, 642), ElementsAre(33, 513, 642)));
  EXPECT_THAT(family.corrupted.tokens[1], ElementsAre(33, 513, 513));
  EXPECT_THAT(family.clean.answers, ElementsAre(767, 767));
  EXPECT_THAT(family.clean.distractors, ElementsAre(642, 642));
  EXPECT_THAT(family.clean.position_names, ElementsAre("S1", "end"));
  EXPECT_THAT(family.clean.positions, ElementsAre(ElementsAre(1, 2), ElementsAre(1, 2)));
}

TEST_F(Tokenizing, FindsAWordThatIsRepeatedAtItsOwnPlace) {
  prompts.clean = {written("3 5 3 3", "mine.json:3")};
  prompts.clean[0].words = {{"S1", "3"}, {"S2", "3"}, {"S3", "3"}};
  prompts.corrupted = prompts.clean;
  EXPECT_THAT(tokenized().clean.positions, ElementsAre(ElementsAre(0, 2, 3, 3)));
}

TEST_F(Tokenizing, AWordThatDoesNotBeginTheTextIsFoundLater) {
  for (Prompt* prompt : {&prompts.clean[0], &prompts.corrupted[0]}) prompt->words = {{"S1", "3"}};
  EXPECT_EQ(tokenized().clean.positions[0][0], 1);
}

TEST_F(Tokenizing, PadsCorruptedPromptsOnlyForPositionsUnion) {
  prompts.corrupted.push_back(written("A 3 3 3 3", "mine.json:10"));
  EXPECT_EQ(tokenized().corrupted.tokens[0].size(), 3u);
  const Family padded = tokenized(Ablation::mean, Positions::union_of_corrupted);
  EXPECT_THAT(padded.corrupted.tokens[0], ElementsAre(32, 513, 513, 50256, 50256));
  EXPECT_THAT(padded.corrupted.positions[0], ElementsAre(1, 2));
  EXPECT_EQ(padded.clean.tokens[0].size(), 3u);
}

TEST_F(Tokenizing, ANameThatStandsWhereALaterOneDoesInEveryPromptIsDropped) {
  prompts.clean = {written("3 5 7 7", "mine.json:3"), written("3 5 7 5", "mine.json:4")};
  prompts.clean[0].words = {{"first", "3"}, {"S1", "5"}, {"S2", "7"}, {"S3", "7"}};
  prompts.clean[1].words = {{"first", "3"}, {"S1", "5"}, {"S2", "7"}, {"S3", "5"}};
  prompts.corrupted = prompts.clean;
  Family family = tokenized();
  drop_synonyms(family);
  EXPECT_THAT(family.clean.position_names, ElementsAre("first", "S1", "S2", "end"));
  EXPECT_THAT(family.corrupted.position_names, ElementsAre("first", "S1", "S2", "end"));
  EXPECT_THAT(family.clean.positions[1], ElementsAre(0, 1, 2, 3));
  // As soon as one prompt has them apart, both names stay.
  family = tokenized();
  family.corrupted.positions[0][3] = 1;
  drop_synonyms(family);
  EXPECT_EQ(family.clean.position_names.size(), 5u);
}

TEST_F(Tokenizing, TheHashDependsOnAllThatIsInThePromptsAndOnNothingElse) {
  const std::string before = tokenized().sha256;
  EXPECT_EQ(before.size(), 64u);
  const auto hash_after = [&](auto change) {
    Prompt& prompt = prompts.clean[1];
    const Prompt old = prompt;
    change(prompt);
    const std::string hash = tokenized(Ablation::zero).sha256;
    prompt = old;
    return hash;
  };
  EXPECT_EQ(hash_after([](Prompt& prompt) { prompt.origin = "elsewhere"; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.text = "C 3 5"; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.answer = "9"; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.distractor = "9"; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.template_id = 1; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.words[0].second = "5"; }), before);
  EXPECT_NE(hash_after([](Prompt& prompt) { prompt.joined = true; }), before);
}

TEST_F(Tokenizing, AJoinedAnswerHasNoSpaceInFront) {
  prompts.clean[0].joined = true;
  const Family family = tokenized();
  EXPECT_EQ(family.clean.answers,
            (std::vector{tokenizer().encode("7").front(), tokenizer().encode(" 7").front()}));
  EXPECT_EQ(family.clean.distractors.front(), tokenizer().encode("5").front());
  prompts.clean[0].answer = "31415926";
  expect_refused("mine.json:3", "'A 3 5': the answer '31415926' is");
}

TEST_F(Tokenizing, AnAnswerOfSeveralTokensIsRefused) {
  prompts.clean[1].answer = "31415926";
  expect_refused("mine.json:4", "'B 3 5': the answer ' 31415926' is");
}

TEST_F(Tokenizing, ADistractorOfSeveralTokensIsRefused) {
  prompts.corrupted[0].distractor = "Apartmentalize";
  expect_refused("mine.json:8", "the distractor ' Apartmentalize' is");
}

TEST_F(Tokenizing, AnAnswerThatIsItsDistractorIsRefused) {
  prompts.clean[0].distractor = "7";
  expect_refused("mine.json:3", "answer and distractor are both '7'");
}

TEST_F(Tokenizing, AnEmptyTextIsRefused) {
  prompts.clean[0].text = "";
  expect_refused("mine.json:3", "has no tokens");
}

TEST_F(Tokenizing, ATextThatIsTooLongForTheModelIsRefused) {
  prompts.clean[0].text = "A 3 5 7 9 2 4 6 8";
  expect_refused("mine.json:3", "has 9 tokens, but the model takes 8");
}

TEST_F(Tokenizing, ATokenBeyondTheVocabularyIsRefused) {
  config.vocabulary = 642;
  expect_refused("mine.json:3", "token 642 is beyond the model's vocabulary of 642");
  config.vocabulary = 700;  // takes the text, but not the answer
  expect_refused("mine.json:3", "token 767 is beyond");
}

TEST_F(Tokenizing, WhatIsRefusedIsNamedAsTheModelsOwnFilesNameIt) {
  config.kind = ModelKind::gpt_neox;
  prompts.clean[0].text = "A 3 5 7 9 2 4 6 8";
  expect_refused("mine.json:3", "the model takes 8 (max_position_embeddings)");
  config.positions = 9;
  config.vocabulary = 642;
  expect_refused("mine.json:3", "of 642: the tokenizer belongs to another model");
}

TEST_F(Tokenizing, AWordOfSeveralTokensIsRefused) {
  prompts.clean[1].text = "A Apartmentalize 5";
  prompts.clean[1].words = {{"S1", "Apartmentalize"}};
  expect_refused("mine.json:4", "the word 'Apartmentalize' of position S1 is");
}

TEST_F(Tokenizing, AWordOfSeveralTokensAtTheBeginningIsRefused) {
  prompts.clean[1].text = "Apartmentalize 3 5";
  prompts.clean[1].words = {{"S1", "Apartmentalize"}};
  expect_refused("mine.json:4", "the word 'Apartmentalize' of position S1 is");
}

TEST_F(Tokenizing, AWordThatIsNotInTheTextIsRefused) {
  prompts.clean[1].words = {{"S1", "9"}};
  expect_refused("mine.json:4", "the word '9' of position S1 does not stand in the text");
}

TEST_F(Tokenizing, WordsInAnotherOrderThanInTheTextAreRefused) {
  for (auto* all : {&prompts.clean, &prompts.corrupted})
    for (Prompt& prompt : *all) prompt.words = {{"S1", "A"}, {"S2", "3"}};
  prompts.clean[1].words = {{"S1", "B"}, {"S2", "3"}};
  prompts.corrupted[1].words = {{"S1", "3"}, {"S2", "B"}};
  prompts.corrupted[0].words = {{"S1", "A"}, {"S2", "3"}};
  expect_refused(
      "mine.json:9",
      "the word 'B' of position S2 does not stand in the text after the words before it");
}

TEST_F(Tokenizing, ATemplateWithoutCorruptedPromptsIsRefusedForMeans) {
  prompts.clean[1].template_id = 4;
  expect_refused("mine.json:4", "its template 4 has no corrupted prompt");
  EXPECT_NO_THROW(tokenized(Ablation::zero));
  EXPECT_NO_THROW(tokenized(Ablation::resample));
}

TEST_F(Tokenizing, ACleanPromptLongerThanItsTemplatesCorruptedOnesIsRefusedForMeans) {
  prompts.clean[1].text = "B 3 5 5";
  expect_refused("mine.json:4",
                 "has 4 tokens, but the longest corrupted prompt of its template 0 has 3");
  EXPECT_NO_THROW(tokenized(Ablation::zero));
  EXPECT_NO_THROW(
      tokenized(Ablation::mean, Positions::union_of_corrupted));  // padding counts there
}

TEST_F(Tokenizing, ResamplingNeedsAsManyCorruptedAsCleanPrompts) {
  prompts.corrupted.pop_back();
  expect_refused("mine.json:4",
                 "'B 3 5': has no counterpart: family 'mine' has 2 clean, but 1 corrupted prompts",
                 Ablation::resample);
  EXPECT_NO_THROW(tokenized(Ablation::mean));
  prompts.corrupted = {written("A 3 3", "mine.json:8"), written("B 3 3", "mine.json:9"),
                       written("C 3 3", "mine.json:10")};
  expect_refused("mine.json:10", "has 2 clean, but 3 corrupted prompts", Ablation::resample);
  EXPECT_NO_THROW(tokenized(Ablation::mean));
}

TEST_F(Tokenizing, ResamplingNeedsCounterpartsThatAreAsLong) {
  prompts.clean[1].text = "B 3 5 5";
  prompts.corrupted[0].text = "A 3 3 3";
  expect_refused("mine.json:4", "has 4 tokens, but its corrupted counterpart 'B 3 3' only 3",
                 Ablation::resample);
  EXPECT_NO_THROW(tokenized(Ablation::mean));
}

}  // namespace
}  // namespace headsweep
