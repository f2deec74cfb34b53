#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "io/family_reader.h"
#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/sentence_template.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

std::vector<TemplatePiece> parsed(const YamlNode& node) {
  try {
    return parse_template(node.text());
  } catch (const std::invalid_argument& problem) {
    node.fail(problem.what());
  }
}

void check_items(const YamlNode& node, const std::vector<TemplatePiece>& pieces, int length) {
  const int items = count_slots(pieces, item_slot);
  if (items != 1 && items != length)
    node.fail(
        fmt::format("has {} times {{item}}, but the sequence has {} items; write it once (the "
                    "sentence is said again for each) or {} times",
                    items, length, length));
  if (items == length && pieces.back().text.ends_with(' '))
    node.fail("ends with a space (the answer brings its own) leave it out");
}

void check_fillers(const YamlNode& node, const std::vector<TemplatePiece>& pieces, int length,
                   const SentenceSpec& spec) {
  for (const auto& [slot, times] : count_fillers(pieces, length)) {
    const auto filler =
        std::ranges::find(spec.fillers, slot, [](const auto& f) { return f.first; });
    if (filler == spec.fillers.end())
      node.fail(fmt::format("the slot {{{}}} has no words; add them under sentences.fillers.{}",
                            slot, slot));
    if (filler->second.size() < times)
      node.fail(fmt::format("takes {} different words for {{{}}}, but it has {}; add some", times,
                            slot, filler->second.size()));
  }
}

void read_fillers(const YamlNode& node, SentenceSpec& spec) {
  for (const YamlNode& filler : node.entries()) {
    if (filler.key() == item_slot)
      filler.fail("is the slot of the sequence's items; choose another name");
    spec.fillers.emplace_back(filler.key(), read_words(filler, 1));
  }
}

/// A list that no template uses is a mistake somewhere.
void check_all_are_used(const YamlNode& fillers, const SentenceSpec& spec) {
  for (const YamlNode& filler : fillers.entries()) {
    const std::string slot = "{" + filler.key() + "}";
    if (std::ranges::none_of(spec.templates, [&](const std::string& text) {
          return text.find(slot) != std::string::npos;
        }))
      filler.fail(fmt::format("no template has the slot {}; use it or remove it", slot));
  }
}

}  // namespace

std::vector<SentenceSpec> read_sentences(const YamlNode& node, int length) {
  node.allow_keys(keys_of("families[].sentences"));
  SentenceSpec spec;
  const auto fillers = node.find("fillers");
  if (fillers) read_fillers(*fillers, spec);
  const YamlNode templates = node.at("templates");
  for (const YamlNode& item : templates.items()) {
    const auto pieces = parsed(item);
    check_items(item, pieces, length);
    check_fillers(item, pieces, length, spec);
    spec.templates.push_back(item.text());
  }
  if (spec.templates.empty()) templates.fail("is an empty list; add a template");
  if (fillers) check_all_are_used(*fillers, spec);
  if (const auto count = node.find("per_template")) {
    spec.per_template = count->integer(1, most_generated_prompts);
    if (spec.per_template > 1 && spec.fillers.empty())
      count->fail("without fillers all sentences of a template would be the same; use 1");
  }
  const auto seed = node.find("seed");
  if (!seed) return {spec};
  std::vector<SentenceSpec> specs;
  for (const int each : read_one_or_several(*seed, "a seed", read_seed)) {
    spec.seed = each;
    specs.push_back(spec);
  }
  return specs;
}

}  // namespace headsweep
