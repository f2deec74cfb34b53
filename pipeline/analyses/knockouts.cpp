#include "pipeline/analyses/knockouts.h"

namespace headsweep {

std::vector<KnockoutRecord> knock_out(Scorer& scorer, const Subject& subject) {
  std::vector<Circuit> circuits;
  for (const RunComponent each : subject.all) {
    circuits.push_back(subject.everything_without({each}));
    circuits.push_back(subject.keeping({each}));
  }
  const std::vector<double> means = scorer.means(subject.family, circuits);
  std::vector<KnockoutRecord> records;
  for (std::size_t i = 0; i < subject.all.size(); ++i)
    records.push_back({subject.all[i], means[2 * i], means[2 * i + 1]});
  return records;
}

}  // namespace headsweep
