#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/family_reader.h"
#include "io/job_keys.h"
#include "io/sequence_reader.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

constexpr std::string_view section = "families[].corrupt";

void read_pool(const YamlNode& node, CorruptionSpec& corruption) {
  const auto numbers = node.find("numbers"), words = node.find("words");
  if (numbers && words) words->fail("stands beside 'numbers'; remove one of the two");
  if (numbers) {
    const Range range = read_range(*numbers, 0);
    if (range.first == range.last) numbers->fail("is one number; give [first, last]");
    corruption.numbers = {range.first, range.last};
  }
  if (words) corruption.words = read_words(*words, 2);
}

/// One for each seed in a list.
std::vector<CorruptionSpec> read_drawn(const YamlNode& node) {
  CorruptionSpec corruption;
  corruption.kind = read_choice<Corruption>(node.at("rule"));
  node.allow_keys(keys_of(section, name_of(corruption.kind)));
  read_pool(node, corruption);
  const auto seed = node.find("seed");
  if (!seed) return {corruption};
  if (seed->is_list()) corruption.seed_naming = SeedNaming::named;
  std::vector<CorruptionSpec> corruptions;
  for (const int each : read_one_or_several(*seed, "a seed", read_seed)) {
    corruption.seed = each;
    corruptions.push_back(corruption);
  }
  return corruptions;
}

std::vector<CorruptionSpec> read_corruption(const YamlNode& node,
                                            const std::filesystem::path& folder) {
  CorruptionSpec corruption;
  if (!node.is_mapping()) {
    corruption.kind = read_choice<Corruption>(node);
    return {corruption};
  }
  const auto family = node.find("family"), file = node.find("file");
  if (family) {
    node.allow_keys(keys_of(section, "family"));
    corruption.kind = Corruption::of_family;
    corruption.family = family->text();
  } else if (file) {
    node.allow_keys(keys_of(section, "file"));
    corruption.kind = Corruption::of_file;
    corruption.file = resolve(*file, folder);
  } else if (node.find("rule")) {
    return read_drawn(node);
  } else {
    node.allow_keys(keys_of(section));
    node.fail("says not what to do; give it 'rule', 'family' or 'file'");
  }
  return {corruption};
}

}  // namespace

std::vector<CorruptionSpec> read_corruptions(const YamlNode& node,
                                             const std::filesystem::path& folder) {
  if (!node.is_list()) return read_corruption(node, folder);
  std::vector<CorruptionSpec> corruptions;
  std::unordered_set<std::string> names;
  for (const YamlNode& item : node.items()) {
    for (CorruptionSpec& corruption : read_corruption(item, folder)) {
      if (!names.insert(name_of(corruption)).second)
        item.fail(
            fmt::format("'{}' is in the list already, and the run file's name tells no more; "
                        "{}",
                        name_of(corruption),
                        is_drawn(corruption.kind) ? "give its seeds as one list, as in seed: [1, 2]"
                                                  : "give it a family of its own"));
      corruptions.push_back(std::move(corruption));
    }
  }
  if (corruptions.empty()) node.fail("is an empty list; name a corruption");
  return corruptions;
}

}  // namespace headsweep
