// What was found out about circuits after their searches, as plain values. The schema is in
// io/README.md; the definitions, with formulas and sources, are in docs/analyses.md.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "io/run_components.h"
#include "io/run_record.h"

namespace headsweep {

// F(S) is the family's mean logit difference with every component ablated that takes part in the
// search and is not in S. M: all of them. C: the run's circuit. With positions `all` M is the full
// model; with the others M, too, is kept at named positions only.

/// One component by itself.
struct KnockoutRecord {
  RunComponent component;
  double without = 0;  // F(M \ {v})
  double alone = 0;    // F({v})

  bool operator==(const KnockoutRecord&) const = default;
};

/// Completeness: the circuit and the full model without the same part of the circuit.
struct CompletenessRecord {
  enum class Choice { whole, random, greedy };  // whole: K is all of C

  Choice choice = Choice::random;
  std::vector<RunComponent> removed;  // K, a subset of C
  double circuit = 0;                 // F(C \ K)
  double model = 0;                   // F(M \ K)

  double incompleteness() const { return std::abs(circuit - model); }
  bool operator==(const CompletenessRecord&) const = default;
};

/// Minimality: how much a component of the circuit still does once others are gone.
struct MinimalityRecord {
  RunComponent component;             // v of C
  std::vector<RunComponent> removed;  // K, a subset of C \ {v}: the worst that was found
  double with = 0;                    // F(C \ K)
  double without = 0;                 // F(C \ (K + v))

  double score() const { return std::abs(without - with); }
  bool operator==(const MinimalityRecord&) const = default;
};

/// What knock-outs, or minimality, are about.
template <class Record>
std::vector<RunComponent> subjects_of(const std::vector<Record>& records) {
  std::vector<RunComponent> components;
  for (const Record& each : records) components.push_back(each.component);
  return components;
}

/// The best components by their node scores, as MIB takes them.
struct SizeRecord {
  double fraction = 0;  // of all components, as asked
  int kept = 0;         // components
  double mean = 0;      // F of them

  bool operator==(const SizeRecord&) const = default;
};

/// Of one run. An analysis that was not made is empty.
struct AnalysisRecord {
  NamedValues identity;    // the run's file and weights, precision, and what subsets were drawn
  NamedValues provenance;  // how, where and when it came about
  std::string run;         // its file's name without .h5
  std::string family, corruption;
  double threshold = 0;
  int layers = 0, heads = 0;
  Components components = Components::heads;
  Granularity granularity = Granularity::component;
  std::vector<std::string> position_names;

  double full = 0;        // of the unablated model
  double everything = 0;  // F(M): the same, but for positions that are kept nowhere
  double circuit = 0;     // F(C)
  double empty = 0;       // F of nothing

  std::vector<KnockoutRecord> knockouts;         // every component, in order
  std::vector<CompletenessRecord> completeness;  // random ones, then greedy ones, then the whole
  std::vector<MinimalityRecord> minimality;      // every component of the circuit, in order
  std::vector<SizeRecord> sizes;                 // ascending fractions

  /// Percent of the full model's.
  double percent(double mean) const { return 100 * mean / full; }
  /// Normalised faithfulness, (F - F(nothing)) / (full - F(nothing)): 0 for nothing, 1 for the full
  /// model.
  double normalised(double mean) const { return (mean - empty) / (full - empty); }

  bool operator==(const AnalysisRecord&) const = default;
};

/// Circuits on each other's families.
struct ComparisonRecord {
  NamedValues identity, provenance;
  std::vector<std::string> circuits;       // run names
  std::vector<std::string> run_sha256;     // of each: circuit_sha256() of its run (analysis_file.h)
  std::vector<std::string> families;       // "even.repeat_last", each once
  std::vector<double> full, empty;         // of the unablated model, and F of nothing; by family
  std::vector<std::vector<double>> means;  // (circuits, families): F of the circuit there; NaN
                                           // where it means nothing: other named positions

  double percent(std::size_t circuit, std::size_t family) const {
    return 100 * means[circuit][family] / full[family];
  }
};

/// "whole", "random", "greedy".
const char* name_of(CompletenessRecord::Choice choice);

}  // namespace headsweep
