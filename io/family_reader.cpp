#include "io/family_reader.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/wording.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_variants = 10'000;  // of a family

std::string read_family_name(const YamlNode& node) {
  std::string name = node.text();
  const bool is_plain = name.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
  if (!is_plain || name.starts_with('.') || name.starts_with('-'))
    node.fail(in_quotes(name) +
              " cannot name a family (it becomes a file name) use letters, digits, '.', '_' and "
              "'-', and neither '.' nor '-' first");
  if (name.size() > longest_family_name)
    node.fail(fmt::format("{} is too long (it becomes a file name) use at most {} characters",
                          in_quotes(name), longest_family_name));
  return name;
}

KeepSpec read_keep(const YamlNode& node) {
  node.allow_keys(keys_of("families[].keep"));
  KeepSpec keep;
  if (const auto top = node.find("top")) {
    top->integer(1, 1);  // others can be had when somebody needs them
    keep.top = true;
  }
  if (const auto times = node.find("times_distractor")) {
    keep.times_distractor = times->number();
    if (keep.times_distractor <= 0 || keep.times_distractor > most_times_distractor)
      times->fail(fmt::format("must be above 0 and at most {:.0f}, but is {}",
                              most_times_distractor, keep.times_distractor));
  }
  if (const auto most = node.find("per_template"))
    keep.per_template = most->integer(1, most_generated_prompts);
  if (!keep.top && keep.times_distractor == 0)
    node.fail("says nothing of which prompts to keep; give it top: 1 or times_distractor");
  return keep;
}

void check_number_of_prompts(const YamlNode& node, const FamilySpec& family) {
  long long prompts = count_sequences(family.generate->sequence);
  if (const auto& sentences = family.sentences)
    prompts *= std::ssize(sentences->templates) * sentences->per_template;
  if (prompts > most_generated_prompts)
    node.fail(
        fmt::format("makes {} prompts, but at most {} are possible; use fewer sentences or "
                    "starts",
                    prompts, most_generated_prompts));
}

/// A family with a file: nothing is generated.
void read_file_family(const YamlNode& node, const YamlNode& file, const fs::path& folder,
                      FamilySpec& family) {
  if (const auto corrupt = node.find("corrupt"))
    corrupt->fail("stands beside 'file' (the file holds the corrupted prompts) remove it");
  for (const char* key : {"sentences", "keep"})
    if (const auto found = node.find(key))
      found->fail("stands beside 'file' (it is for generated prompts) remove it");
  family.file = resolve(file, folder);
  family.corruption.kind = Corruption::of_file;
}

/// The family with each seed of its sentences, if it gives several.
std::vector<FamilySpec> with_sentences(const YamlNode& node, const FamilySpec& family) {
  const auto sentences = node.find("sentences");
  if (!sentences) return {family};
  const auto seed = sentences->find("seed");
  std::vector<FamilySpec> specs;
  for (SentenceSpec& each : read_sentences(*sentences, length_of(family.generate->sequence))) {
    FamilySpec& spec = specs.emplace_back(family);
    if (seed && seed->is_list()) spec.name = with_seed(family.name, each.seed);
    spec.sentences = std::move(each);
  }
  return specs;
}

/// As many as it has corruptions, with each of its sentences' seeds.
std::vector<FamilySpec> read_family(const YamlNode& node, const fs::path& folder) {
  node.allow_keys(keys_of("families[]"));
  FamilySpec family;
  family.name = family.written_name = read_family_name(node.at("name"));
  family.where = node.where();
  const auto file = node.find("file");
  const auto generate = node.find("generate");
  if (file && generate)
    to_blame(node).fail("a family has 'file' or 'generate', not both; remove one");
  if (!file && !generate)
    node.fail(fmt::format("family '{}' has no prompts; give it 'file' or 'generate'", family.name));
  if (file) {
    read_file_family(node, *file, folder, family);
    return {std::move(family)};
  }
  family.generate = read_generate(*generate);
  if (const auto keep = node.find("keep")) family.keep = read_keep(*keep);
  const std::vector<FamilySpec> seeded = with_sentences(node, family);
  check_number_of_prompts(node, seeded.front());
  const std::vector<CorruptionSpec> corruptions = read_corruptions(node.at("corrupt"), folder);
  if (seeded.size() * corruptions.size() > most_variants)
    node.fail(
        fmt::format("has {} combinations of seeds and corruptions, but at most {} are possible",
                    seeded.size() * corruptions.size(), most_variants));
  std::vector<FamilySpec> specs;
  for (const FamilySpec& each : seeded)
    for (const CorruptionSpec& corruption : corruptions)
      specs.emplace_back(each).corruption = corruption;
  return specs;
}

YamlNode corruption_of(const YamlNode& list, const FamilySpec& family) {
  const auto items = list.items();
  return std::ranges::find_if(
             items,
             [&](const YamlNode& each) { return each.at("name").text() == family.written_name; })
      ->at("corrupt");
}

/// `{family: NAME}` names another family of the job.
void check_named_families(const YamlNode& list, const std::vector<FamilySpec>& families) {
  std::unordered_set<std::string> names;
  for (const FamilySpec& family : families) names.insert(family.name);
  for (const FamilySpec& family : families) {
    const CorruptionSpec& corruption = family.corruption;
    if (corruption.kind != Corruption::of_family) continue;
    if (corruption.family == family.name || corruption.family == family.written_name)
      corruption_of(list, family)
          .fail("names the family itself (its prompts would not change) name another");
    if (names.contains(corruption.family)) continue;
    std::vector<std::string> in_order;
    for (const FamilySpec& each : families) in_order.push_back(each.name);
    const auto guess = nearest(corruption.family, in_order);
    corruption_of(list, family)
        .fail(fmt::format(
            "the job has no family {}{}", in_quotes(corruption.family),
            guess ? fmt::format(" (did you mean '{}'?)", *guess) : "; add one of that name"));
  }
}

}  // namespace

std::vector<FamilySpec> read_families(const YamlNode& list, const fs::path& folder) {
  const auto items = list.items();
  if (items.empty()) list.fail("is an empty list (there is nothing to run) add a family");
  std::vector<FamilySpec> families;
  std::unordered_map<std::string, std::string> places;
  for (const YamlNode& item : items) {
    std::vector<FamilySpec> specs = read_family(item, folder);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (i > 0 && specs[i].name == specs[i - 1].name) continue;  // another corruption
      const auto [first, is_new] = places.try_emplace(specs[i].name, specs[i].where);
      if (!is_new)
        item.at("name").fail(fmt::format("'{}' names a family already ({}) give each its own name",
                                         first->first, first->second));
    }
    std::move(specs.begin(), specs.end(), std::back_inserter(families));
  }
  check_named_families(list, families);
  return families;
}

}  // namespace headsweep
