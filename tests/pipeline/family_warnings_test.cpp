#include "pipeline/family_warnings.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "pipeline/inputs.h"
#include "pipeline/prompt_warnings.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int end_of_text = 99;
const std::vector<Ablation> by_mean = {Ablation::mean}, by_partner = {Ablation::resample},
                            by_zero = {Ablation::zero};

struct Written {
  std::vector<int> tokens;
  int template_id = 0, answer = 50, distractor = 51;
};

void add(const std::vector<Written>& written, const char* kind, std::vector<Prompt>& prompts,
         PromptBatch& batch) {
  batch.position_names = {"S1", "end"};
  for (const Written& each : written) {
    Prompt& prompt = prompts.emplace_back();
    for (const int token : each.tokens)
      prompt.text += (prompt.text.empty() ? "" : " ") + std::to_string(token);
    prompt.origin = std::string(kind) + " " + std::to_string(prompts.size());
    batch.tokens.push_back(each.tokens);
    batch.templates.push_back(each.template_id);
    batch.answers.push_back(each.answer);
    batch.distractors.push_back(each.distractor);
    batch.positions.push_back({0, static_cast<int>(each.tokens.size()) - 1});
  }
}

/// Prompts of tokens 1, 2, 3 ...; S1 is the first of them.
Family family_of(const std::vector<Written>& clean, const std::vector<Written>& corrupted) {
  Family family;
  family.prompts.name = "mine";
  add(clean, "clean", family.prompts.clean, family.clean);
  add(corrupted, "corrupted", family.prompts.corrupted, family.corrupted);
  return family;
}

std::vector<std::string> warnings_of(const Family& family,
                                     const std::vector<Ablation>& ablations = by_mean) {
  return prompt_warnings(family, ablations, false, end_of_text);
}

const std::vector<Written> two = {{{1, 2, 3}}, {{2, 3, 4}}},
                           two_others = {{{1, 2, 2}}, {{2, 3, 3}}};

TEST(PromptWarnings, AFamilyAsItShouldBeHasNone) {
  for (const auto& ablations : {by_mean, by_partner, by_zero})
    EXPECT_THAT(warnings_of(family_of(two, two_others), ablations), IsEmpty());
}

TEST(PromptWarnings, ACleanPromptThatIsThereAlreadyIsCounted) {
  EXPECT_THAT(
      warnings_of(family_of({{{1, 2, 3}}, {{2, 3, 4}}, {{1, 2, 3}}, {{1, 2, 3}}}, two_others)),
      ElementsAre("2 of 4 clean prompts are there already, the first '1 2 3' (clean 3): it counts "
                  "as often in every score"));
}

TEST(PromptWarnings, TheSameTextWithAnotherAnswerIsAnotherPrompt) {
  EXPECT_THAT(warnings_of(family_of({{{1, 2, 3}}, {{1, 2, 3}, 0, 60}}, two_others)), IsEmpty());
}

TEST(PromptWarnings, ARepeatedCorruptedPromptIsCountedUnlessChanceMadeIt) {
  const Family family = family_of(two, {{{1, 2, 2}}, {{1, 2, 2}}, {{2, 3, 3}}});
  EXPECT_THAT(warnings_of(family), ElementsAre(HasSubstr("1 of 3 corrupted prompts are there "
                                                         "already, the first '1 2 2' (corrupted "
                                                         "2)")));
  EXPECT_THAT(prompt_warnings(family, by_mean, true, end_of_text), IsEmpty());
}

TEST(PromptWarnings, CleanPromptsAmongTheCorruptedOnesAreCounted) {
  EXPECT_THAT(warnings_of(family_of(two, {{{1, 2, 2}}, {{2, 3, 4}}})),
              ElementsAre("1 of 2 clean prompts are among the corrupted ones, too, the first '2 3 "
                          "4' (clean 2): the means hold a part of what they are to take away"));
  EXPECT_THAT(warnings_of(family_of(two, {two[1], two[0]})),
              ElementsAre(AllOf(HasSubstr("2 of 2 clean prompts"), HasSubstr("both sets are the "
                                                                             "same"))));
}

TEST(PromptWarnings, APromptOfAnotherTemplateIsNotTheSame) {
  const std::vector<Written> elsewhere = {{{1, 2, 3}, 1}, {{7, 8, 9}, 1}, {{1, 2, 2}}, {{2, 3, 3}}};
  EXPECT_THAT(warnings_of(family_of(two, elsewhere)), IsEmpty());
}

TEST(PromptWarnings, OnlyTheAblationThatUsesThemIsWarnedOfCorruptedPrompts) {
  const Family family = family_of(two, {two[1], two[0]});
  EXPECT_THAT(warnings_of(family, by_zero), IsEmpty());
  EXPECT_THAT(warnings_of(family, by_partner), IsEmpty()) << "each has another as partner";
  EXPECT_THAT(warnings_of(family_of(two, {two[0], two_others[1]}), by_partner),
              ElementsAre(AllOf(HasSubstr("1 of 2 clean prompts are their own corrupted partners, "
                                          "the first '1 2 3'"))));
}

TEST(PromptWarnings, AMeanOfOneIsNamed) {
  EXPECT_THAT(warnings_of(family_of({{{1, 2, 3}, 4}}, {{{1, 2, 2}, 4}})),
              ElementsAre("template 4 has one corrupted prompt, '1 2 2' (corrupted 1): its mean is "
                          "that prompt's own value"));
}

TEST(PromptWarnings, EndOfTextBeforeSomePromptsAndNotBeforeOthersIsNamed) {
  const std::vector<Written> begun = {{{99, 1, 3}}, {{99, 2, 4}}},
                             begun_others = {{{99, 1, 2}}, {{99, 2, 3}}};
  EXPECT_THAT(warnings_of(family_of(begun, begun_others)), IsEmpty()) << "all of them alike";
  EXPECT_THAT(warnings_of(family_of(begun, two_others)),
              ElementsAre("2 of 4 clean and corrupted prompts begin with <|endoftext|>, and others "
                          "do not, the first '1 2 2' (corrupted 1): headsweep puts none before a "
                          "prompt"));
}

TEST(PromptWarnings, EndOfTextInsideAPromptIsNamedButNotHeadsweepsOwnPadding) {
  EXPECT_THAT(warnings_of(family_of({{{1, 2, 99}}, {{2, 3, 4}}}, two_others)),
              ElementsAre(HasSubstr("1 of 4 clean and corrupted prompts have <|endoftext|> behind "
                                    "their beginning, the first '1 2 99' (clean 1)")));
  Family padded_ones = family_of(two, two_others);
  padded_ones.corrupted = padded(padded_ones.corrupted, 5, end_of_text);
  EXPECT_THAT(warnings_of(padded_ones), IsEmpty());
}

TEST(PromptWarnings, PromptsOfATemplateWhoseNamedPositionsLieElsewhereAreCounted) {
  const Family longer = family_of({{{1, 2, 3}}, {{2, 3, 4, 5}}}, {{{1, 2, 2}}, {{2, 3, 3, 3}}});
  EXPECT_THAT(
      warnings_of(longer),
      ElementsAre("2 of 4 clean and corrupted prompts have a named position at another "
                  "token than '1 2 3', the first '2 3 4 5' (clean 2) (end is token 3 there, "
                  "4 here): means are taken token by token, whatever stands there"));
  EXPECT_THAT(warnings_of(longer, by_partner), IsEmpty()) << "partners are as long";
  Family shifted = family_of(two, two_others);
  shifted.corrupted.positions[1][0] = 1;
  EXPECT_THAT(warnings_of(shifted, by_partner),
              ElementsAre(AllOf(HasSubstr("1 of 2 clean prompts"), HasSubstr("'2 3 4'"),
                                HasSubstr("'2 3 3' (corrupted 2) (S1 is token 1 there, 2 here)"))));
}

TEST(PromptWarnings, TemplatesMayHaveTheirPositionsElsewhere) {
  EXPECT_THAT(
      warnings_of(family_of({{{1, 2, 3}}, {{2, 3, 4, 5}, 1}},
                            {{{1, 2, 2}}, {{3, 2, 2}}, {{2, 3, 3, 3}, 1}, {{2, 4, 4, 4}, 1}})),
      IsEmpty());
}

TEST(SamePrompts, AnAblationThatWouldChangeNothingIsRefused) {
  const auto refused = [](const Family& family, Ablation ablation) {
    EXPECT_THAT([&] { check_ablation_changes_something(family, ablation); },
                testing::ThrowsMessage<UserError>(AllOf(
                    testing::StartsWith("clean 1: '1 2 3': family 'mine'"),
                    HasSubstr(name_of(ablation)), HasSubstr("every circuit would score 100 %"))));
  };
  refused(family_of(two, two), Ablation::resample);
  refused(family_of({two[0]}, {two[0], two[0]}), Ablation::mean);
  refused(family_of({{{1, 2, 3}}, {{2, 3, 4}, 1}}, {{{2, 3, 4}, 1}, {{1, 2, 3}}}), Ablation::mean);
}

TEST(SamePrompts, AnAblationThatChangesAnyPromptIsAllowed) {
  const auto allowed = [](const Family& family, Ablation ablation) {
    EXPECT_NO_THROW(check_ablation_changes_something(family, ablation));
  };
  allowed(family_of(two, two), Ablation::mean);  // of the two of them
  allowed(family_of(two, two), Ablation::zero);
  allowed(family_of(two, {two[1], two[0]}), Ablation::resample);
  allowed(family_of({two[0]}, {two_others[0]}), Ablation::mean);
}

TEST(FullModelWarnings, AClearModelHasNone) {
  EXPECT_THAT(full_model_warnings({2.5, 3, 3.5, 2}), IsEmpty());
  EXPECT_THAT(full_model_warnings({3}), IsEmpty()) << "one prompt has no error";
}

TEST(FullModelWarnings, ASmallMeanSaysWhatAChangeIsWorth) {
  EXPECT_THAT(full_model_warnings({0.2, 0.2, 0.2, 0.2}),
              ElementsAre("the full model's mean logit difference is only 0.2000: a change by 0.01 "
                          "is 5.0 percentage points"));
  EXPECT_THAT(full_model_warnings({0.5, 0.5}), IsEmpty()) << "the limit itself";
}

TEST(FullModelWarnings, AMeanWithinItsErrorIsNamed) {
  // A standard deviation of 8 over four prompts: the mean's error is 4.
  const double far = 8 * std::sqrt(3.0) / 2;
  EXPECT_THAT(full_model_warnings({7.9 + far, 7.9 - far, 7.9 + far, 7.9 - far}),
              testing::Contains(HasSubstr("7.9000 is within two standard errors (4.0000 each)")));
  EXPECT_THAT(full_model_warnings({8.1 + far, 8.1 - far, 8.1 + far, 8.1 - far}), IsEmpty());
}

TEST(FullModelWarnings, FewRightAnswersAreCounted) {
  EXPECT_THAT(full_model_warnings({30, 30, -0.1, -0.1, 30, 30, 30, 30}), IsEmpty());
  EXPECT_THAT(full_model_warnings({30, 30, -0.1, -0.1, 0, 30, 30, 30}),
              ElementsAre("the full model prefers the answer in 5 of 8 prompts only: the score is "
                          "that of a few"));
}

TEST(FullModelWarnings, ANegativeMeanIsSaidToTurnPercentagesRound) {
  EXPECT_THAT(full_model_warnings({-1, 0.5}), ElementsAre(HasSubstr("-0.2500: it prefers the "
                                                                    "distractors")));
}

TEST(AllPromptWarnings, NameTheFamilyAndThoseThatAreTheSame) {
  Job job;
  Inputs inputs{{}, Tokenizer(std::filesystem::path(HEADSWEEP_TEST_DATA) / "gpt2-tokenizer"), {}};
  for (const char* name : {"even", "unread", "odd", "again"}) {
    job.families.emplace_back().name = name;
    inputs.families.push_back(std::string(name) == "unread" ? Family{}
                                                            : family_of(two, two_others));
  }
  inputs.families[0].sha256 = inputs.families[3].sha256 = "1";
  inputs.families[2].sha256 = "2";
  inputs.families[2].warnings = {"is odd"};
  EXPECT_THAT(all_prompt_warnings(job, inputs),
              ElementsAre("family odd: is odd",
                          HasSubstr("family again: has the same prompts as family even")));
}

}  // namespace
}  // namespace headsweep
