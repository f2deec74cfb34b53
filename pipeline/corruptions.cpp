#include "pipeline/corruptions.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "pipeline/generators.h"

namespace headsweep {

std::vector<Prompt> repeat_last(const std::vector<Prompt>& clean, const std::string& family) {
  std::vector<Prompt> corrupted;
  for (const Prompt& prompt : clean) {
    std::vector<std::string> words;
    for (const auto& [name, word] : prompt.words) words.push_back(word);
    assert(words.size() >= 2);
    words.back() = words[words.size() - 2];
    Prompt& made = corrupted.emplace_back(prompt_of_words(words));
    made.answer = prompt.distractor;
    made.distractor = prompt.answer;
    made.template_id = prompt.template_id;
    made.origin = fmt::format("family '{}', corrupted prompt {}", family, corrupted.size());
  }
  return corrupted;
}

}  // namespace headsweep
