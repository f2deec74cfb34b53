// The clean prompts of a generated family, before and after some are left out.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/family_prompts.h"
#include "pipeline/sentences.h"

namespace headsweep {

/// A sequence and the sentence around it.
struct Draft {
  Sentence sentence;
  Sequence sequence;
  int block = 0;  // the sentence's number: all its starts are kept or left out together

  Prompt prompt() const { return put_into(sentence, sequence); }
  bool begins_with_item() const { return sentence.around.front().empty(); }
};

/// Whether words are one token, remembered.
class WordTokens {
 public:
  explicit WordTokens(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// The number of tokens of the word, with a space before it or as it stands.
  std::size_t after_space(const std::string& word) { return count(" " + word); }
  std::size_t at_beginning(const std::string& word) { return count(word); }

  /// Removes words that are not one token after a space (and at the beginning of a text, if they
  /// may stand there), and says which.
  void keep_single(Words& words, bool may_begin, const std::string& role,
                   std::vector<LeftOut>& left_out);

 private:
  std::size_t count(const std::string& text);

  const Tokenizer& tokenizer_;
  std::unordered_map<std::string, std::size_t> counts_;
};

struct CleanPrompts {
  std::vector<Draft> drafts;  // that are used
  Selection selection;
};

CleanPrompts make_clean_prompts(const FamilySpec& spec, WordTokens& tokens,
                                const AnswerCheck& answer_check);

}  // namespace headsweep
