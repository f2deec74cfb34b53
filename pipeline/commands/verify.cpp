#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "io/json_output.h"
#include "io/printable.h"
#include "io/run_file.h"
#include "model/numbers_below.h"
#include "pipeline/audit.h"
#include "pipeline/commands.h"
#include "pipeline/exact_scorer.h"
#include "pipeline/recorded_run.h"
#include "pipeline/recorded_steps.h"

namespace headsweep {
namespace {

std::vector<int> chosen(const RunRecord& record, const Verification& verification) {
  if (verification.extent == Extent::all) return numbers_below(std::ssize(record.decisions));
  constexpr double percent = 2;
  std::vector<AuditCandidate> candidates;
  for (const DecisionRecord& each : record.decisions)
    candidates.push_back({each.score_percent, each.margin, each.removed, false});
  return choose_for_audit(candidates, percent);
}

VerifiedRun compare(const RunRecord& record, const SearchRule& rule,
                    const std::vector<int>& numbers, ExactScorer& scorer) {
  const std::vector<Circuit> all = recorded_circuits(record, rule).tried;
  std::vector<Circuit> circuits;
  for (const int number : numbers) circuits.push_back(all[static_cast<std::size_t>(number)]);
  const std::vector<double> scores = scorer.scores_percent(circuits);
  VerifiedRun result;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const int number = numbers[i];
    const DecisionRecord& made = record.decisions[static_cast<std::size_t>(number)];
    const double score = scores[i];
    const bool removes = 100 - score < rule.threshold_percent;
    result.decisions.push_back({number, made.layer, made.head, made.score_percent, score,
                                made.margin, 100 - score - rule.threshold_percent,
                                removes == made.removed});
  }
  return result;
}

const char* verb(double margin) { return margin < 0 ? "removes" : "keeps"; }

void print(const VerifiedRun& run, const RunRecord& record) {
  const auto& decisions = run.decisions;
  print_text(stdout, "family {}: {} of {} decisions evaluated again in fp64 ({})\n", record.family,
             decisions.size(), record.decisions.size(), run.device);
  if (decisions.empty()) return;
  const auto difference = [](const VerifiedDecision& each) {
    return std::abs(each.score_percent - each.exact_score_percent);
  };
  const auto text_of = [&](const VerifiedDecision& each) {
    return component_text(record.decisions[static_cast<std::size_t>(each.decision)], record);
  };
  const auto largest = std::ranges::max_element(decisions, {}, difference);
  print_text(stdout, "largest difference of a score: {:.9f} percentage points ({})\n",
             difference(*largest), text_of(*largest));
  const auto wrong = std::ranges::find(decisions, false, &VerifiedDecision::agrees);
  if (wrong == decisions.end()) {
    print_text(stdout, "all agree\n");
    return;
  }
  print_text(stdout,
             "{} differ; the first is decision {}, {}:\n"
             "  the run  {} it: score {:.9f} %, margin {:+.9f}\n"
             "  fp64     {} it: score {:.9f} %, margin {:+.9f}\n",
             std::ranges::count(decisions, false, &VerifiedDecision::agrees), wrong->decision,
             text_of(*wrong), verb(wrong->margin), wrong->score_percent, wrong->margin,
             verb(wrong->exact_margin), wrong->exact_score_percent, wrong->exact_margin);
}

}  // namespace

Outcome verify_command(const Verification& verification, Format format) {
  const RunRecord record = read_run_file(verification.run_file);
  ExactScorer scorer(record, verification.model, verification.device, verification.threads);
  VerifiedRun result =
      compare(record, search_rule_of(record), chosen(record, verification), scorer);
  result.device = scorer.device();
  if (format == Format::json) {
    fmt::print("{}\n", to_json(result));
  } else {
    print(result, record);
  }
  const bool agree = std::ranges::all_of(result.decisions, &VerifiedDecision::agrees);
  return agree ? Outcome::done : Outcome::contradicted;
}

}  // namespace headsweep
