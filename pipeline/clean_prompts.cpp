#include "pipeline/clean_prompts.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/sentence_template.h"
#include "io/wording.h"

namespace headsweep {
namespace {

std::string pieces_reason(const std::string& word, std::size_t tokens) {
  return fmt::format("{} is {} tokens", in_quotes(word), tokens);
}

/// Empty if the prompt can be used.
std::string why_not(const Draft& draft, WordTokens& tokens) {
  const Sequence& sequence = draft.sequence;
  for (std::size_t i = 0; i < sequence.items.size(); ++i) {
    const std::string& item = sequence.items[i];
    const bool begins = i == 0 && draft.begins_with_item();
    const std::size_t count = begins ? tokens.at_beginning(item) : tokens.after_space(item);
    if (count != 1) return pieces_reason(item, count) + (begins ? " at the beginning" : "");
  }
  for (const auto& [role, word] :
       {std::pair("answer", sequence.answer), std::pair("distractor", sequence.distractor)})
    if (const std::size_t count = tokens.after_space(word); count != 1)
      return fmt::format("its {} {}", role, pieces_reason(word, count));
  return "";
}

/// How many different words of each filler a sentence of the template takes.
std::map<std::string, std::size_t> words_taken(const std::string& sentence_template, int length) {
  std::map<std::string, std::size_t> taken;
  for (const TemplatePiece& piece : spread_over(parse_template(sentence_template), length))
    if (!piece.slot.empty() && piece.slot != item_slot) ++taken[piece.slot];
  return taken;
}

/// The job's sentences with the filler words that are one token, so that prompts of a template have
/// the same tokens at the same positions.
SentenceSpec with_single_fillers(const FamilySpec& spec, WordTokens& tokens,
                                 std::vector<LeftOut>& left_out) {
  SentenceSpec sentences = *spec.sentences;
  std::map<std::string, std::size_t> left;
  for (auto& [slot, words] : sentences.fillers) {
    const bool may_begin = std::ranges::any_of(sentences.templates, [&](const std::string& text) {
      return text.starts_with("{" + slot + "}");
    });
    tokens.keep_single(words, may_begin, "filler " + slot, left_out);
    left[slot] = words.size();
  }
  for (const std::string& text : sentences.templates)
    for (const auto& [slot, taken] : words_taken(text, length_of(spec.generate->sequence)))
      if (left[slot] < taken)
        throw UserError(
            fmt::format("{}: family '{}': only {} words of sentences.fillers.{} are one token{}, "
                        "but {} takes {} "
                        "different ones: add words",
                        spec.where, spec.name, left[slot], slot,
                        left_out.empty() ? "" : fmt::format(" ({})", left_out.front().reason),
                        in_quotes(text), taken));
  return sentences;
}

std::vector<Draft> all_drafts(const FamilySpec& spec, WordTokens& tokens,
                              std::vector<LeftOut>& words_left_out) {
  const int length = length_of(spec.generate->sequence);
  const std::vector<Sentence> sentences =
      spec.sentences ? make_sentences(with_single_fillers(spec, tokens, words_left_out), length)
                     : std::vector{plain_sentence(length)};
  const std::vector<Sequence> sequences = make_sequences(*spec.generate);
  std::vector<Draft> drafts;
  int block = 0;
  for (const Sentence& sentence : sentences) {
    for (const Sequence& sequence : sequences) {
      drafts.push_back({sentence, sequence, block});
      if (!spec.sentences) ++block;  // without sentences each prompt stands for itself
    }
    ++block;
  }
  return drafts;
}

void leave_out_pieces(WordTokens& tokens, CleanPrompts& made) {
  std::erase_if(made.drafts, [&](const Draft& draft) {
    const std::string reason = why_not(draft, tokens);
    if (!reason.empty()) made.selection.prompts.push_back({draft.prompt().text, reason});
    return !reason.empty();
  });
}

/// Numbers of the blocks that are used: those without a wrong answer, the first of each template.
std::set<int> blocks_to_keep(const std::vector<Draft>& drafts, const std::vector<bool>& right,
                             int per_template) {
  std::set<int> wrong, kept;
  for (std::size_t i = 0; i < drafts.size(); ++i)
    if (!right[i]) wrong.insert(drafts[i].block);
  std::map<int, int> blocks_of_template;
  for (const Draft& draft : drafts) {
    if (wrong.contains(draft.block) || kept.contains(draft.block)) continue;
    int& blocks = blocks_of_template[draft.sentence.template_id];
    if (per_template > 0 && blocks == per_template) continue;
    ++blocks;
    kept.insert(draft.block);
  }
  return kept;
}

void leave_out_wrong(const KeepSpec& keep, const AnswerCheck& answer_check, CleanPrompts& made) {
  std::vector<Prompt> prompts;
  for (const Draft& draft : made.drafts) prompts.push_back(draft.prompt());
  const std::vector<bool> right = answer_check(prompts, keep);
  assert(right.size() == prompts.size());
  const std::set<int> kept = blocks_to_keep(made.drafts, right, keep.per_template);
  std::set<int> wrong;
  for (std::size_t i = 0; i < right.size(); ++i)
    if (!right[i]) wrong.insert(made.drafts[i].block);
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const Draft& draft = made.drafts[i];
    if (kept.contains(draft.block)) {
      drafts.push_back(draft);
    } else {
      const char* reason =
          !right[i] ? "the model does not answer it as 'keep' asks"
          : wrong.contains(draft.block)
              ? "the model does not answer its sentence as 'keep' asks at every start"
              : "keep.per_template is reached";
      made.selection.prompts.push_back({prompts[i].text, reason});
    }
  }
  made.drafts = std::move(drafts);
}

}  // namespace

std::size_t WordTokens::count(const std::string& text) {
  const auto [at, is_new] = counts_.try_emplace(text, 0);
  if (is_new) at->second = tokenizer_.encode(text).size();
  return at->second;
}

void WordTokens::keep_single(Words& words, bool may_begin, const std::string& role,
                             std::vector<LeftOut>& left_out) {
  std::erase_if(words, [&](const std::string& word) {
    std::size_t tokens = after_space(word);
    std::string place;
    if (tokens == 1 && may_begin) {
      tokens = at_beginning(word);
      place = " at the beginning";
    }
    if (tokens != 1) left_out.push_back({word, role + ": " + pieces_reason(word, tokens) + place});
    return tokens != 1;
  });
}

CleanPrompts make_clean_prompts(const FamilySpec& spec, WordTokens& tokens,
                                const AnswerCheck& answer_check) {
  CleanPrompts made;
  made.drafts = all_drafts(spec, tokens, made.selection.words);
  made.selection.generated = static_cast<int>(made.drafts.size());
  leave_out_pieces(tokens, made);
  if (spec.keep && !made.drafts.empty()) leave_out_wrong(*spec.keep, answer_check, made);
  if (made.drafts.empty())
    throw UserError(fmt::format(
        "{}: family '{}': none of its {} prompts can be used: of {}, {}; choose other words{}",
        spec.where, spec.name, made.selection.generated,
        in_quotes(made.selection.prompts.front().text), made.selection.prompts.front().reason,
        spec.keep ? ", or ask less of 'keep'" : ""));
  return made;
}

}  // namespace headsweep
