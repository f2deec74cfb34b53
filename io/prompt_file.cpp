#include "io/prompt_file.h"

#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "io/wording.h"
#include "io/yaml_document.h"

namespace headsweep {
namespace {

constexpr std::size_t most_prompt_bytes = std::size_t{64} << 20;

/// A word as it is written in prompt files: the tokenizer puts the space before it.
std::string read_word(const YamlNode& node) {
  constexpr std::string_view spaces = " \t\r\n";
  std::string word = node.text();
  if (spaces.find(word.front()) != std::string_view::npos)
    node.fail(in_quotes(word) +
              " begins with a space (words are written without) leave the space out");
  if (spaces.find(word.back()) != std::string_view::npos)
    node.fail(in_quotes(word) +
              " ends with a space (words are written without) leave the space out");
  return word;
}

std::vector<std::string> position_names(const Prompt& prompt) {
  std::vector<std::string> names;
  for (const auto& [name, word] : prompt.words) names.push_back(name);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

Prompt read_prompt(const YamlNode& node) {
  node.allow_keys({"text", "answer", "distractor", "joined", "template", "words"});
  Prompt prompt;
  prompt.origin = node.where();
  prompt.text = node.at("text").text();
  prompt.answer = read_word(node.at("answer"));
  prompt.distractor = read_word(node.at("distractor"));
  if (prompt.answer == prompt.distractor)
    node.at("distractor")
        .fail(fmt::format("is the same as the answer, {} (their logit difference would be 0) "
                          "change one of the two",
                          in_quotes(prompt.answer)));
  if (const auto joined = node.find("joined")) prompt.joined = joined->flag();
  if (const auto id = node.find("template"))
    prompt.template_id = id->integer(0, std::numeric_limits<int>::max());
  if (const auto words = node.find("words")) {
    for (const YamlNode& word : words->entries()) {
      if (word.key() == "end")
        word.fail("this position name is reserved for a prompt's last token; choose another");
      prompt.words.emplace_back(word.key(), read_word(word));
    }
  }
  return prompt;
}

std::vector<Prompt> read_prompts(const YamlNode& list) {
  std::vector<Prompt> prompts;
  for (const YamlNode& item : list.items()) prompts.push_back(read_prompt(item));
  if (prompts.empty()) list.fail("is an empty list; add prompts");
  return prompts;
}

/// `list` is where `prompts` were read from, for the message.
void check_positions(const YamlNode& list, const std::vector<Prompt>& prompts,
                     const Prompt& expected) {
  const std::vector<std::string> wanted = position_names(expected);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::vector<std::string> found = position_names(prompts[i]);
    if (found == wanted) continue;
    const YamlNode item = list.items()[i];
    item.fail(fmt::format(
        "names other positions than the prompt at {} ({} there, {} here) name the same ones in "
        "the same order in every prompt",
        expected.origin, listed(wanted), listed(found)));
  }
}

}  // namespace

PromptFamily read_prompt_file(const std::filesystem::path& path, const std::string& family_name) {
  const YamlDocument document(path, fmt::format("the prompt file of family '{}'", family_name),
                              most_prompt_bytes);
  const YamlNode root = document.root();
  root.allow_keys({"clean", "corrupted"});
  PromptFamily family;
  family.name = family_name;
  family.clean = read_prompts(root.at("clean"));
  family.corrupted = read_prompts(root.at("corrupted"));
  check_positions(root.at("clean"), family.clean, family.clean.front());
  check_positions(root.at("corrupted"), family.corrupted, family.clean.front());
  return family;
}

std::vector<Prompt> read_corrupted_file(const std::filesystem::path& path,
                                        const std::string& family_name, const Prompt& clean) {
  const YamlDocument document(
      path, fmt::format("the file of corrupted prompts of family '{}'", family_name),
      most_prompt_bytes);
  const YamlNode root = document.root();
  root.allow_keys({"corrupted"});
  std::vector<Prompt> prompts = read_prompts(root.at("corrupted"));
  check_positions(root.at("corrupted"), prompts, clean);
  return prompts;
}

}  // namespace headsweep
