#include "pipeline/generators.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headsweep {

Prompt prompt_of_words(const std::vector<std::string>& words) {
  Prompt prompt;
  prompt.text = fmt::format("{}", fmt::join(words, " "));
  for (std::size_t i = 0; i < words.size(); ++i)
    prompt.words.emplace_back(fmt::format("S{}", i + 1), words[i]);
  return prompt;
}

std::vector<Prompt> arithmetic_prompts(const ArithmeticSpec& spec, const std::string& family) {
  std::vector<Prompt> prompts;
  for (int start = spec.first_start; start <= spec.last_start; ++start) {
    std::vector<std::string> words;
    for (int i = 0; i < spec.length; ++i) words.push_back(std::to_string(start + i * spec.step));
    Prompt& prompt = prompts.emplace_back(prompt_of_words(words));
    prompt.answer = std::to_string(start + spec.length * spec.step);
    prompt.distractor = words.back();
    prompt.origin = fmt::format("family '{}', clean prompt {}", family, prompts.size());
  }
  return prompts;
}

}  // namespace headsweep
