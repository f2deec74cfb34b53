#include "pipeline/families.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/sha256.h"
#include "io/wording.h"

namespace headsweep {
namespace {

[[noreturn]] void refuse(const Prompt& prompt, const std::string& problem) {
  throw UserError(fmt::format("{}: {}: {}", prompt.origin, in_quotes(prompt.text), problem));
}

/// The token of a word that follows the text, leading space included where there is one.
int single_token(const Tokenizer& tokenizer, const Prompt& prompt, const std::string& role,
                 const std::string& word) {
  const std::string joint = prompt.joined ? "" : " ";
  const std::vector<int> tokens = tokenizer.encode(joint + word);
  if (tokens.size() != 1)
    refuse(
        prompt,
        fmt::format(
            "the {} '{}{}' is {} tokens (a logit belongs to one token): choose a word that is one",
            role, joint, word, tokens.size()));
  return tokens.front();
}

/// Where the word stands at or after `from`: at the very beginning without, elsewhere with a
/// leading space.
int find_word(const Tokenizer& tokenizer, const Prompt& prompt, const std::vector<int>& tokens,
              int from, const std::string& name, const std::string& word) {
  const std::vector<int> first = tokenizer.encode(word), later = tokenizer.encode(" " + word);
  if (from == 0 && first.size() == 1 && tokens.front() == first.front()) return 0;
  const auto begins = from == 0 && prompt.text.starts_with(word);
  if (begins ? first.size() != 1 : later.size() != 1)
    refuse(prompt, fmt::format("the word '{}' of position {} is {} tokens (a position is one "
                               "token): choose a word that "
                               "is one, or leave the position out",
                               word, name, begins ? first.size() : later.size()));
  const auto found = std::find(tokens.begin() + from, tokens.end(), later.front());
  if (found == tokens.end())
    refuse(prompt, fmt::format("the word '{}' of position {} does not stand in the text after the "
                               "words before it: give "
                               "the words in the order in which they stand there",
                               word, name));
  return static_cast<int>(found - tokens.begin());
}

void check_tokens(const Prompt& prompt, const std::vector<int>& tokens, const ModelConfig& config) {
  if (tokens.empty()) refuse(prompt, "has no tokens: give it a text");
  if (const std::string why = why_not_taken(tokens, config); !why.empty()) refuse(prompt, why);
}

/// A clean position needs corrupted prompts of its template that have it.
void check_means(const Family& family) {
  const PromptBatch &clean = family.clean, &corrupted = family.corrupted;
  std::map<int, std::size_t> longest_of;  // by template
  for (std::size_t c = 0; c < corrupted.tokens.size(); ++c) {
    std::size_t& longest = longest_of[corrupted.templates[c]];
    longest = std::max(longest, corrupted.tokens[c].size());
  }
  for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
    const Prompt& prompt = family.prompts.clean[b];
    const std::size_t longest = longest_of[clean.templates[b]];
    if (longest == 0)
      refuse(prompt, fmt::format("its template {} has no corrupted prompt, so there is nothing to "
                                 "take its means over: add "
                                 "corrupted prompts of this template",
                                 clean.templates[b]));
    if (longest < clean.tokens[b].size())
      refuse(
          prompt,
          fmt::format(
              "has {} tokens, but the longest corrupted prompt of its template {} has {}: its last "
              "positions would have no mean; make the corrupted prompts as long",
              clean.tokens[b].size(), clean.templates[b], longest));
  }
}

/// Each clean prompt takes the corrupted one with its number.
void check_pairs(const Family& family) {
  const PromptBatch &clean = family.clean, &corrupted = family.corrupted;
  if (clean.prompts() != corrupted.prompts()) {
    const auto paired = static_cast<std::size_t>(std::min(clean.prompts(), corrupted.prompts()));
    const auto& longer =
        clean.prompts() > corrupted.prompts() ? family.prompts.clean : family.prompts.corrupted;
    refuse(longer[paired],
           fmt::format("has no counterpart: family '{}' has {} clean, but {} corrupted prompts, "
                       "and resample ablation "
                       "pairs them one to one: give as many of both, or use ablation: mean",
                       family.prompts.name, clean.prompts(), corrupted.prompts()));
  }
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    if (corrupted.tokens[b].size() < clean.tokens[b].size())
      refuse(family.prompts.clean[b],
             fmt::format("has {} tokens, but its corrupted counterpart {} only {}: resample "
                         "ablation would have nothing "
                         "for its last positions; make the counterpart as long",
                         clean.tokens[b].size(), in_quotes(family.prompts.corrupted[b].text),
                         corrupted.tokens[b].size()));
}

std::string hash_of(const PromptFamily& family) {
  std::string all;
  for (const auto* prompts : {&family.clean, &family.corrupted}) {
    all += fmt::format("{}\n", prompts->size());
    for (const Prompt& p : *prompts) {
      all += fmt::format("{}\x1f{}\x1f{}\x1f{}", p.text, p.answer, p.distractor, p.template_id);
      for (const auto& [name, word] : p.words) all += fmt::format("\x1f{}\x1f{}", name, word);
      all += p.joined ? "\x1fjoined\n" : "\n";
    }
  }
  return sha256(all);
}

}  // namespace

std::string why_not_taken(const std::vector<int>& tokens, const ModelConfig& config) {
  if (std::ssize(tokens) > config.positions)
    return fmt::format("has {} tokens, but the model takes {} ({}): shorten it", tokens.size(),
                       config.positions, key_of_positions(config.kind));
  for (const int token : tokens)
    if (token >= config.vocabulary)
      return fmt::format(
          "token {} is beyond the model's vocabulary of {}: the tokenizer belongs to another model",
          token, config.vocabulary);
  return "";
}

PromptBatch tokenize_prompts(const std::vector<Prompt>& prompts, const Tokenizer& tokenizer,
                             const ModelConfig& config) {
  PromptBatch batch;
  for (const auto& [name, word] : prompts.front().words) batch.position_names.push_back(name);
  batch.position_names.emplace_back("end");
  for (const Prompt& prompt : prompts) {
    std::vector<int> tokens = tokenizer.encode(prompt.text);
    check_tokens(prompt, tokens, config);
    batch.answers.push_back(single_token(tokenizer, prompt, "answer", prompt.answer));
    batch.distractors.push_back(single_token(tokenizer, prompt, "distractor", prompt.distractor));
    check_tokens(prompt, {batch.answers.back(), batch.distractors.back()}, config);
    if (batch.answers.back() == batch.distractors.back())
      refuse(prompt,
             fmt::format("answer and distractor are both '{}': their logits would never differ",
                         prompt.answer));
    batch.templates.push_back(prompt.template_id);
    std::vector<int>& positions = batch.positions.emplace_back();
    int from = 0;
    for (const auto& [name, word] : prompt.words) {
      positions.push_back(find_word(tokenizer, prompt, tokens, from, name, word));
      from = positions.back() + 1;
    }
    positions.push_back(static_cast<int>(tokens.size()) - 1);
    batch.tokens.push_back(std::move(tokens));
  }
  return batch;
}

std::string describe_tokens(const PromptBatch& batch, std::size_t prompt,
                            const Tokenizer& tokenizer) {
  std::string text;
  for (std::size_t p = 0; p < batch.tokens[prompt].size(); ++p) {
    text += fmt::format("{}{}", p == 0 ? "" : " ",
                        in_quotes(tokenizer.decode(batch.tokens[prompt][p])));
    for (std::size_t n = 0; n < batch.position_names.size(); ++n)
      if (batch.positions[prompt][n] == static_cast<int>(p))
        text += fmt::format("={}", batch.position_names[n]);
  }
  return text + fmt::format("  answer {}, distractor {}",
                            in_quotes(tokenizer.decode(batch.answers[prompt])),
                            in_quotes(tokenizer.decode(batch.distractors[prompt])));
}

Family tokenize_family(const PromptFamily& prompts, const Tokenizer& tokenizer,
                       const ModelConfig& config, Ablation ablation, Positions positions) {
  Family family{prompts, tokenize_prompts(prompts.clean, tokenizer, config),
                tokenize_prompts(prompts.corrupted, tokenizer, config), hash_of(prompts)};
  if (positions == Positions::union_of_corrupted)
    family.corrupted =
        padded(family.corrupted, std::max(family.clean.longest(), family.corrupted.longest()),
               tokenizer.end_of_text());
  check_ablation(family, ablation);
  return family;
}

void check_ablation(const Family& family, Ablation ablation) {
  if (ablation == Ablation::mean) check_means(family);
  if (ablation == Ablation::resample) check_pairs(family);
}

void drop_synonyms(Family& family) {
  const auto is_synonym = [&](std::size_t name, std::size_t later) {
    const auto alike = [&](const std::vector<int>& prompt) {
      return prompt[name] == prompt[later];
    };
    return std::ranges::all_of(family.clean.positions, alike) &&
           std::ranges::all_of(family.corrupted.positions, alike);
  };
  for (std::size_t later = family.clean.position_names.size(); later-- > 0;)
    for (std::size_t name = later; name-- > 0;) {
      if (!is_synonym(name, later)) continue;
      --later;
      for (PromptBatch* batch : {&family.clean, &family.corrupted}) {
        const auto at = static_cast<std::ptrdiff_t>(name);
        batch->position_names.erase(batch->position_names.begin() + at);
        for (auto& prompt : batch->positions) prompt.erase(prompt.begin() + at);
      }
    }
}

}  // namespace headsweep
