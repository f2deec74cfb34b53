#include "pipeline/family_prompts.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/wording.h"
#include "pipeline/clean_prompts.h"
#include "pipeline/corruptions.h"

namespace headsweep {
namespace {

constexpr std::size_t most_reasons = 3;

[[noreturn]] void refuse(const FamilySpec& spec, const std::string& problem) {
  throw UserError(fmt::format("{}: family '{}': corrupt: {}: {}", spec.where, spec.name,
                              name_of(spec.corruption), problem));
}

/// What corruptions draw from: what the job says, or the family's items and answers.
Words pool_of(const CorruptionSpec& corruption, const std::vector<Draft>& clean) {
  if (!corruption.words.empty()) return corruption.words;
  Words pool;
  if (const auto& numbers = corruption.numbers) {
    for (int i = numbers->first; i <= numbers->second; ++i) pool.push_back(std::to_string(i));
    return pool;
  }
  std::unordered_set<std::string> known;
  const auto add = [&](const std::string& word) {
    if (known.insert(word).second) pool.push_back(word);
  };
  for (const Draft& draft : clean) std::ranges::for_each(draft.sequence.items, add);
  for (const Draft& draft : clean) add(draft.sequence.answer);
  return pool;
}

void need_words(const FamilySpec& spec, const Words& words, std::size_t fewest) {
  if (words.size() < fewest)
    refuse(spec, fmt::format("has {} words to draw from that are one token, and needs {}; give it "
                             "more 'words', or 'numbers'",
                             words.size(), fewest));
}

/// Nothing for a corruption that leaves the items as they are.
std::optional<Words> corrupt(const FamilySpec& spec, const Words& items, const Pool& pool,
                             RandomNumbers& random) {
  switch (spec.corruption.kind) {
    case Corruption::repeat_last:
      return repeat_last(items);
    case Corruption::repeat_all:
      return repeat_all(items);
    case Corruption::repeat_random_element:
      need_words(spec, pool.at_beginning, 2);
      return repeat_random_element(items, pool.at_beginning, random);
    case Corruption::switch_last_two:
      return switch_last_two(items);
    case Corruption::shuffle:
      return shuffle_items(items, random);
    case Corruption::random_items: {
      need_words(spec, pool.later, 2);
      need_words(spec, pool.at_beginning, 1);
      const auto in_sequence = [&](const std::string& word, const std::string& next) {
        return follows(spec.generate->sequence, word, next);
      };
      auto drawn = random_items(items.size(), pool, in_sequence, random);
      if (!drawn)
        refuse(spec,
               "whatever is drawn, the last item would follow the one before it; give it "
               "more 'words', or 'numbers'");
      return drawn;
    }
    case Corruption::of_family:
    case Corruption::of_file:
      break;
  }
  return std::nullopt;
}

void number_prompts(const FamilySpec& spec, const char* kind, std::vector<Prompt>& prompts) {
  for (std::size_t i = 0; i < prompts.size(); ++i)
    prompts[i].origin = fmt::format("family '{}', {} prompt {}", spec.name, kind, i + 1);
}

/// The words of the pool that are one token where they may stand.
Pool usable(Words words, WordTokens& tokens, std::vector<LeftOut>& left_out) {
  tokens.keep_single(words, false, "corrupt", left_out);
  Pool pool{words, words};
  std::erase_if(pool.at_beginning,
                [&](const std::string& word) { return tokens.at_beginning(word) != 1; });
  return pool;
}

/// Each clean prompt's own sentence, other items; answer and distractor change places.
std::vector<Prompt> corrupted_prompts(const FamilySpec& spec, const std::vector<Draft>& clean,
                                      WordTokens& tokens, std::vector<LeftOut>& words_left_out) {
  const bool draws = spec.corruption.kind == Corruption::random_items ||
                     spec.corruption.kind == Corruption::repeat_random_element;
  const Pool pool =
      draws ? usable(pool_of(spec.corruption, clean), tokens, words_left_out) : Pool{};
  const Pool inside{pool.later, pool.later};  // of sentences that begin with other words
  RandomNumbers random{static_cast<std::uint64_t>(spec.corruption.seed)};
  std::vector<Prompt> prompts;
  for (const Draft& draft : clean) {
    const auto items =
        corrupt(spec, draft.sequence.items, draft.begins_with_item() ? pool : inside, random);
    if (!items || *items == draft.sequence.items)
      refuse(spec, fmt::format("leaves the prompt {} as it is; choose another corruption",
                               in_quotes(draft.prompt().text)));
    prompts.push_back(
        put_into(draft.sentence, {*items, draft.sequence.distractor, draft.sequence.answer}));
  }
  number_prompts(spec, "corrupted", prompts);
  return prompts;
}

class PromptMaker {
 public:
  PromptMaker(const std::vector<FamilySpec>& families, const Tokenizer& tokenizer,
              const AnswerCheck& answer_check)
      : families_(families), answer_check_(answer_check), tokens_(tokenizer) {}

  MadeFamily make(const FamilySpec& spec) {
    MadeFamily family;
    if (spec.file) {
      family.prompts = read_prompt_file(*spec.file, spec.name);
      return family;
    }
    const CleanPrompts& clean = clean_of(spec);
    family.selection = clean.selection;
    family.prompts = {spec.name, prompts_of(spec), {}};
    family.prompts.corrupted = corrupted_of(spec, clean, family);
    return family;
  }

 private:
  /// Made once, also where a family has several corruptions or gives its prompts to another.
  const CleanPrompts& clean_of(const FamilySpec& spec) {
    const auto found = clean_.find(spec.name);
    if (found != clean_.end()) return found->second;
    return clean_.emplace(spec.name, make_clean_prompts(spec, tokens_, answer_check_))
        .first->second;
  }

  std::vector<Prompt> prompts_of(const FamilySpec& spec) {
    if (spec.file) return read_prompt_file(*spec.file, spec.name).clean;
    std::vector<Prompt> prompts;
    for (const Draft& draft : clean_of(spec).drafts) prompts.push_back(draft.prompt());
    number_prompts(spec, "clean", prompts);
    return prompts;
  }

  std::vector<Prompt> corrupted_of(const FamilySpec& spec, const CleanPrompts& clean,
                                   MadeFamily& family) {
    const Prompt& first = family.prompts.clean.front();
    if (spec.corruption.kind == Corruption::of_file)
      return read_corrupted_file(spec.corruption.file, spec.name, first);
    if (spec.corruption.kind == Corruption::of_family) return prompts_of_other(spec, first);
    return corrupted_prompts(spec, clean.drafts, tokens_, family.selection.words);
  }

  std::vector<Prompt> prompts_of_other(const FamilySpec& spec, const Prompt& first) {
    const auto other = std::ranges::find(families_, spec.corruption.family, &FamilySpec::name);
    std::vector<Prompt> prompts = prompts_of(*other);
    const auto names = [](const Prompt& prompt) {
      std::vector<std::string> all;
      for (const auto& [name, word] : prompt.words) all.push_back(name);
      return all;
    };
    if (names(prompts.front()) != names(first))
      refuse(spec, fmt::format("its prompts have {} named positions, this family's {}; give both "
                               "the same length",
                               prompts.front().words.size(), first.words.size()));
    return prompts;
  }

  const std::vector<FamilySpec>& families_;
  const AnswerCheck& answer_check_;
  WordTokens tokens_;
  std::map<std::string, CleanPrompts> clean_;
};

/// The first reasons, each once.
std::string some_reasons(const std::vector<LeftOut>& left_out) {
  std::vector<std::string> reasons;
  for (const LeftOut& each : left_out)
    if (std::ranges::find(reasons, each.reason) == reasons.end()) reasons.push_back(each.reason);
  const bool more = reasons.size() > most_reasons;
  if (more) reasons.resize(most_reasons);
  return fmt::format("{}{}", fmt::join(reasons, "; "), more ? "; ..." : "");
}

}  // namespace

std::vector<MadeFamily> make_prompts(const std::vector<FamilySpec>& families,
                                     const Tokenizer& tokenizer, const AnswerCheck& answer_check,
                                     const std::vector<bool>& wanted) {
  PromptMaker maker(families, tokenizer, answer_check);
  std::vector<MadeFamily> made(families.size());
  for (std::size_t i = 0; i < families.size(); ++i)
    if (wanted.empty() || wanted[i]) made[i] = maker.make(families[i]);
  return made;
}

std::string describe_left_out(const Selection& selection) {
  std::string text;
  if (!selection.prompts.empty())
    text = fmt::format("{} of {} prompts left out ({})", selection.prompts.size(),
                       selection.generated, some_reasons(selection.prompts));
  if (!selection.words.empty())
    text += fmt::format("{}{} words left out ({})", text.empty() ? "" : "; ",
                        selection.words.size(), some_reasons(selection.words));
  return text;
}

}  // namespace headsweep
