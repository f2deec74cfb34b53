#include "pipeline/sentences.h"

#include <cassert>
#include <map>

#include <fmt/format.h>

#include "io/sentence_template.h"
#include "pipeline/random_bits.h"

namespace headsweep {
namespace {

/// The words of each slot in the order in which a sentence takes them.
std::map<std::string, Words> draw_fillers(const SentenceSpec& spec, RandomNumbers random) {
  std::map<std::string, Words> drawn;
  for (const auto& [slot, words] : spec.fillers) {
    Words& order = drawn[slot] = words;
    random.shuffle(order);
  }
  return drawn;
}

Sentence fill(const std::vector<TemplatePiece>& pieces, std::map<std::string, Words> fillers) {
  Sentence sentence{{""}, 0};
  for (const TemplatePiece& piece : pieces) {
    sentence.around.back() += piece.text;
    if (piece.slot == item_slot) {
      sentence.around.emplace_back();
    } else if (!piece.slot.empty()) {
      Words& words = fillers.at(piece.slot);
      assert(!words.empty());
      sentence.around.back() += words.back();
      words.pop_back();
    }
  }
  return sentence;
}

}  // namespace

Sentence plain_sentence(int length) {
  Sentence sentence{std::vector<std::string>(static_cast<std::size_t>(length) + 1, " "), 0};
  sentence.around.front().clear();
  sentence.around.back().clear();
  return sentence;
}

std::vector<Sentence> make_sentences(const SentenceSpec& spec, int length) {
  std::vector<Sentence> sentences;
  for (std::size_t t = 0; t < spec.templates.size(); ++t) {
    const auto pieces = spread_over(parse_template(spec.templates[t]), length);
    for (int i = 0; i < spec.per_template; ++i) {
      const RandomNumbers random{static_cast<std::uint64_t>(spec.seed), t,
                                 static_cast<std::uint64_t>(i)};
      sentences.push_back(fill(pieces, draw_fillers(spec, random)));
      sentences.back().template_id = static_cast<int>(t);
    }
  }
  return sentences;
}

Prompt put_into(const Sentence& sentence, const Sequence& sequence) {
  assert(sentence.around.size() == sequence.items.size() + 1);
  Prompt prompt;
  prompt.text = sentence.around.front();
  for (std::size_t i = 0; i < sequence.items.size(); ++i) {
    prompt.text += sequence.items[i] + sentence.around[i + 1];
    prompt.words.emplace_back(fmt::format("S{}", i + 1), sequence.items[i]);
  }
  prompt.answer = sequence.answer;
  prompt.distractor = sequence.distractor;
  prompt.template_id = sentence.template_id;
  return prompt;
}

}  // namespace headsweep
