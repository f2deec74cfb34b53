#include "io/analyses_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr int most_draws = 10'000;
constexpr int largest_seed = 2'147'483'647;

/// An analysis, or a list of them.
std::vector<Analysis> read_make(const YamlNode& node) {
  const std::vector<Analysis> all = {Analysis::knockout, Analysis::faithfulness, Analysis::curve,
                                     Analysis::compare};
  std::vector<std::string> names;
  for (const Analysis each : all) names.emplace_back(name_of(each));
  if (!node.is_list()) return {all[node.choice(names)]};
  std::vector<Analysis> chosen;
  for (const YamlNode& item : node.items()) {
    const Analysis analysis = all[item.choice(names)];
    if (std::ranges::find(chosen, analysis) != chosen.end())
      item.fail(fmt::format("'{}' is there already; remove one", item.text()));
    chosen.push_back(analysis);
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace

void read_analyses(const YamlNode& section, Job& job) {
  section.allow_keys({"make", "random", "restarts", "iterations", "candidates", "seed"});
  if (const auto node = section.find("make")) job.analyses.make = read_make(*node);
  SubsetDraws& draws = job.analyses.draws;
  const auto read_count = [&](const char* key, int& count) {
    if (const auto node = section.find(key)) count = node->integer(0, most_draws);
  };
  read_count("random", draws.random);
  read_count("restarts", draws.restarts);
  read_count("iterations", draws.iterations);
  read_count("candidates", draws.candidates);
  if (const auto node = section.find("seed"))
    draws.seed = static_cast<std::uint64_t>(node->integer(0, largest_seed));
}

}  // namespace headsweep
