#include "pipeline/analyses/faithfulness.h"

#include <algorithm>

#include "pipeline/analyses/subsets.h"

namespace headsweep {
namespace {

using Choice = CompletenessRecord::Choice;

// Streams of random numbers, besides that of random_subsets().
constexpr std::uint64_t completeness_stream = 2, minimality_stream = 3;

void add_random(Scorer& scorer, const Subject& subject, const SubsetDraws& draws,
                std::vector<CompletenessRecord>& records) {
  const std::vector<Subset> subsets = random_subsets(subject.kept, draws.random, draws.seed);
  std::vector<Circuit> circuits;
  for (const Subset& each : subsets) {
    circuits.push_back(subject.circuit_without(each));
    circuits.push_back(subject.everything_without(each));
  }
  const std::vector<double> means = scorer.means(subject.family, circuits);
  for (std::size_t i = 0; i < subsets.size(); ++i)
    records.push_back({Choice::random, subsets[i], means[2 * i], means[2 * i + 1]});
}

void add_greedy(Scorer& scorer, const Subject& subject, const SubsetDraws& draws,
                std::vector<CompletenessRecord>& records) {
  const auto contrast = [&](const Subset& removed) {
    return Contrast{subject.circuit_without(removed), subject.everything_without(removed)};
  };
  std::vector<Climb> climbs;
  for (int restart = 0; restart < draws.restarts; ++restart)
    climbs.push_back(
        {subject.kept, contrast,
         RandomNumbers{draws.seed, completeness_stream, static_cast<std::uint64_t>(restart)}});
  const std::size_t first = records.size();
  for (const Summit& summit :
       climb(scorer, subject.family, std::move(climbs), draws.iterations, draws.candidates)) {
    const bool known = std::any_of(
        records.begin() + static_cast<std::ptrdiff_t>(first), records.end(),
        [&](const CompletenessRecord& record) { return record.removed == summit.removed; });
    if (!known) records.push_back({Choice::greedy, summit.removed, summit.first, summit.second});
  }
}

/// The records as they are for no others removed, where each component's search begins.
std::vector<MinimalityRecord> greedy_minimality(Scorer& scorer, const Subject& subject,
                                                const SubsetDraws& draws) {
  std::vector<Climb> climbs;
  for (std::size_t i = 0; i < subject.kept.size(); ++i) {
    const RunComponent component = subject.kept[i];
    const auto contrast = [&subject, component](const Subset& removed) {
      return Contrast{subject.circuit_without(removed),
                      subject.circuit_without(with(removed, component))};
    };
    climbs.push_back({without(subject.kept, {component}), contrast,
                      RandomNumbers{draws.seed, minimality_stream, i}});
  }
  const std::vector<Summit> summits =
      climb(scorer, subject.family, std::move(climbs), for_minimality(draws.iterations),
            for_minimality(draws.candidates));
  std::vector<MinimalityRecord> records;
  for (std::size_t i = 0; i < summits.size(); ++i)
    records.push_back({subject.kept[i], summits[i].removed, summits[i].first, summits[i].second});
  return records;
}

/// Of each component: the random subsets without it.
std::vector<MinimalityRecord> random_minimality(Scorer& scorer, const Subject& subject,
                                                const SubsetDraws& draws) {
  std::vector<MinimalityRecord> records;
  std::vector<Circuit> circuits;
  const auto subsets = random_subsets(subject.kept, draws.random, draws.seed);
  for (const RunComponent component : subject.kept)
    for (const Subset& subset : subsets) {
      Subset others = without(subset, {component});
      circuits.push_back(subject.circuit_without(others));
      circuits.push_back(subject.circuit_without(with(others, component)));
      records.push_back({component, std::move(others), 0, 0});
    }
  const std::vector<double> means = scorer.means(subject.family, circuits);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].with = means[2 * i];
    records[i].without = means[2 * i + 1];
  }
  return records;
}

}  // namespace

std::vector<CompletenessRecord> completeness(Scorer& scorer, const Subject& subject,
                                             const SubsetDraws& draws) {
  std::vector<CompletenessRecord> records;
  add_random(scorer, subject, draws, records);
  add_greedy(scorer, subject, draws, records);
  const std::vector<Circuit> whole = {subject.nothing, subject.everything_without(subject.kept)};
  const std::vector<double> means = scorer.means(subject.family, whole);
  records.push_back({Choice::whole, subject.kept, means[0], means[1]});
  return records;
}

std::vector<MinimalityRecord> minimality(Scorer& scorer, const Subject& subject,
                                         const SubsetDraws& draws) {
  std::vector<MinimalityRecord> worst = greedy_minimality(scorer, subject, draws);
  for (MinimalityRecord& each : random_minimality(scorer, subject, draws)) {
    const auto place = std::ranges::find(worst, each.component, &MinimalityRecord::component);
    if (each.score() > place->score()) *place = std::move(each);
  }
  return worst;
}

}  // namespace headsweep
