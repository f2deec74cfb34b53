#include "pipeline/clean_prompts.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <map>
#include <span>
#include <utility>

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

std::string filler_role(const std::string& slot) { return "filler " + slot; }

std::string first_reason(const std::vector<LeftOut>& left_out, const std::string& slot) {
  const auto first = std::ranges::find_if(left_out, [&](const LeftOut& each) {
    return each.reason.starts_with(filler_role(slot) + ":");
  });
  return first == left_out.end() ? "" : first->reason;
}

/// The job's sentences with the filler words that are one token, so that prompts of a template have
/// the same tokens at the same positions.
SentenceSpec with_single_fillers(const FamilySpec& spec, WordTokens& tokens,
                                 std::vector<LeftOut>& left_out) {
  SentenceSpec sentences = *spec.sentences;
  std::map<std::string, std::size_t> left;
  for (auto& filler : sentences.fillers) {
    const std::string& slot = filler.first;
    Words& words = filler.second;
    const bool may_begin = std::ranges::any_of(sentences.templates, [&](const std::string& text) {
      return text.starts_with("{" + slot + "}");
    });
    tokens.keep_single(words, may_begin, filler_role(slot), left_out);
    left[slot] = words.size();
  }
  for (const std::string& text : sentences.templates)
    for (const auto& [slot, taken] :
         count_fillers(parse_template(text), length_of(spec.generate->sequence)))
      if (left[slot] < taken)
        throw UserError(fmt::format(
            "{}: family '{}': only {} words of sentences.fillers.{} are one token ({}), "
            "but {} takes {} different ones: add words",
            spec.where, spec.name, left[slot], slot, first_reason(left_out, slot), in_quotes(text),
            taken));
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

/// Drafts with one sentence: all are kept, or none.
using Block = std::span<Draft>;

int template_of(Block block) { return block.front().sentence.template_id; }

std::vector<Block> blocks_of(std::vector<Draft>& drafts) {
  std::vector<Block> blocks;
  for (auto begin = drafts.begin(); begin != drafts.end();) {
    const auto end = std::find_if(begin, drafts.end(),
                                  [&](const Draft& draft) { return draft.block != begin->block; });
    blocks.emplace_back(begin, end);
    begin = end;
  }
  return blocks;
}

/// Keeps blocks that are right throughout, the first of each template, and asks for no more than it
/// needs: the model takes its time.
class RightBlocks {
 public:
  RightBlocks(const KeepSpec& keep, const AnswerCheck& check) : keep_(keep), check_(check) {}

  /// Blocks of one template.
  void choose_of(std::span<Block> blocks) {
    int kept = 0;
    while (!blocks.empty() && !enough(kept)) {
      const auto asked = blocks.first(std::min(blocks.size(), blocks_to_ask(kept)));
      blocks = blocks.subspan(asked.size());
      auto right = answers(asked).begin();
      for (const Block block : asked) {
        const auto end = right + std::ssize(block);
        const bool all_right = std::find(right, end, false) == end;
        if (all_right && !enough(kept)) {
          std::ranges::move(block, std::back_inserter(kept_));
          ++kept;
        } else {
          leave_out(block, all_right ? reached : "the model does not answer it as 'keep' asks");
        }
        right = end;
      }
    }
    for (const Block block : blocks) leave_out(block, reached);
  }

  std::vector<Draft> take_kept() { return std::move(kept_); }
  const std::vector<LeftOut>& left_out() const { return left_out_; }

 private:
  static constexpr const char* reached = "keep.per_template is reached";

  bool enough(int kept) const { return keep_.per_template > 0 && kept >= keep_.per_template; }

  std::size_t blocks_to_ask(int kept) const {
    constexpr int fewest = 8;  // so that the embedding table is not read for a few prompts
    if (keep_.per_template == 0) return std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(std::max(fewest, keep_.per_template - kept));
  }

  const std::vector<bool>& answers(std::span<const Block> blocks) {
    std::vector<Prompt> prompts;
    for (const Block block : blocks)
      for (const Draft& draft : block) prompts.push_back(draft.prompt());
    answers_ = check_(prompts, keep_);
    assert(answers_.size() == prompts.size());
    return answers_;
  }

  void leave_out(Block block, const char* reason) {
    for (const Draft& draft : block) left_out_.push_back({draft.prompt().text, reason});
  }

  const KeepSpec& keep_;
  const AnswerCheck& check_;
  std::vector<bool> answers_;
  std::vector<Draft> kept_;
  std::vector<LeftOut> left_out_;
};

void leave_out_wrong(const KeepSpec& keep, const AnswerCheck& check, CleanPrompts& made) {
  std::vector<Block> blocks = blocks_of(made.drafts);
  RightBlocks right(keep, check);
  for (auto begin = blocks.begin(); begin != blocks.end();) {
    const auto end = std::find_if(begin, blocks.end(), [&](Block block) {
      return template_of(block) != template_of(*begin);
    });
    right.choose_of({begin, end});
    begin = end;
  }
  made.drafts = right.take_kept();
  made.selection.prompts.insert(made.selection.prompts.end(), right.left_out().begin(),
                                right.left_out().end());
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
