#include "io/analyses_reader.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

/// An analysis, or a list of them.
std::vector<Analysis> read_make(const YamlNode& node) {
  if (!node.is_list()) return {read_choice<Analysis>(node)};
  std::vector<Analysis> chosen;
  for (const YamlNode& item : node.items()) {
    const auto analysis = read_choice<Analysis>(item);
    if (std::ranges::find(chosen, analysis) != chosen.end())
      item.fail(fmt::format("'{}' is there already; remove one", item.text()));
    chosen.push_back(analysis);
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace

void read_analyses(const YamlNode& section, Job& job) {
  section.allow_keys(keys_of("analyses"));
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
    draws.seed = static_cast<std::uint64_t>(read_seed(*node));
}

}  // namespace headsweep
