#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_output.h"
#include "io/run_file.h"
#include "pipeline/audit.h"
#include "pipeline/commands.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/recorded_steps.h"

namespace headsweep {
namespace {

/// The value whose name the run's identity has.
template <class Value>
Value identified(const RunRecord& record, const char* key, std::initializer_list<Value> values) {
  const std::string name = value_of(record.identity, key, "");
  for (const Value value : values)
    if (name == name_of(value)) return value;
  throw UserError(fmt::format(
      "the run's {} is '{}', which this version of headsweep does not know: use the version that "
      "made the run ({})",
      key, name, value_of(record.identity, "program", "unknown")));
}

PromptBatch batch_of(const std::vector<PromptRecord>& prompts,
                     const std::vector<std::string>& position_names) {
  PromptBatch batch;
  batch.position_names = position_names;
  for (const PromptRecord& prompt : prompts) {
    batch.tokens.push_back(prompt.tokens);
    batch.answers.push_back(prompt.answer_token);
    batch.distractors.push_back(prompt.distractor_token);
    batch.templates.push_back(prompt.template_id);
    batch.positions.push_back(prompt.positions);
  }
  return batch;
}

std::filesystem::path find_model(const RunRecord& record, const Verification& verification) {
  const std::filesystem::path folder = verification.model.empty()
                                           ? value_of(record.provenance, "model_path", "")
                                           : verification.model.string();
  if (!std::filesystem::exists(folder))
    throw UserError(fmt::format(
        "{}: the run's model is not there: name the folder in which it is here with --model",
        folder.string()));
  return folder;
}

void check_model(const std::string& sha256, const RunRecord& record,
                 const std::filesystem::path& folder) {
  const std::string wanted = value_of(record.identity, "model_sha256", "");
  if (sha256 == wanted) return;
  throw UserError(fmt::format(
      "{}: these are not the weights that the run was made with (sha256 {}, the run's {})",
      folder.string(), sha256, wanted));
}

/// The circuits that the run's decisions were made from.
std::vector<Circuit> circuits_of(const RunRecord& record, const SearchRule& rule) {
  std::vector<Circuit> circuits;
  GreedySearch search(rule);
  for (const SearchStep& step : recorded_steps(record, rule)) {
    if (step.kind == SearchStep::Kind::decision) circuits.push_back(search.wanted());
    apply(step, search);
  }
  return circuits;
}

std::vector<int> chosen(const RunRecord& record, const Verification& verification) {
  std::vector<int> numbers(record.decisions.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  if (verification.extent == Extent::all) return numbers;
  constexpr double percent = 2;
  std::vector<AuditCandidate> candidates;
  for (const DecisionRecord& each : record.decisions)
    candidates.push_back({each.score_percent, each.margin, each.removed, false});
  return choose_for_audit(candidates, percent);
}

VerifiedRun compare(const RunRecord& record, const SearchRule& rule,
                    const std::vector<int>& numbers, Evaluator& evaluator) {
  const std::vector<Circuit> circuits = circuits_of(record, rule);
  VerifiedRun result;
  for (const int number : numbers) {
    const auto at = static_cast<std::size_t>(number);
    const DecisionRecord& made = record.decisions[at];
    const double score = evaluator.evaluate(circuits[at]).score_percent;
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
  fmt::print("family {}: {} of {} decisions evaluated again in fp64 ({})\n", record.family,
             decisions.size(), record.decisions.size(), run.device);
  if (decisions.empty()) return;
  const auto difference = [](const VerifiedDecision& each) {
    return std::abs(each.score_percent - each.exact_score_percent);
  };
  const auto text_of = [&](const VerifiedDecision& each) {
    return component_text(record.decisions[static_cast<std::size_t>(each.decision)], record);
  };
  const auto largest = std::ranges::max_element(decisions, {}, difference);
  fmt::print("largest difference of a score: {:.9f} percentage points ({})\n", difference(*largest),
             text_of(*largest));
  const auto wrong = std::ranges::find(decisions, false, &VerifiedDecision::agrees);
  if (wrong == decisions.end()) {
    fmt::print("all agree\n");
    return;
  }
  fmt::print(
      "{} differ; the first is decision {}, {}:\n"
      "  the run  {} it: score {:.9f} %, margin {:+.9f}\n"
      "  fp64     {} it: score {:.9f} %, margin {:+.9f}\n",
      std::ranges::count(decisions, false, &VerifiedDecision::agrees), wrong->decision,
      text_of(*wrong), verb(wrong->margin), wrong->score_percent, wrong->margin,
      verb(wrong->exact_margin), wrong->exact_score_percent, wrong->exact_margin);
}

SearchRule rule_of(const RunRecord& record) {
  SearchRule rule{
      record.layers, record.heads,
      identified(record, "order",
                 {Order::backward, Order::forward, Order::alternate, Order::importance}),
      record.threshold};
  rule.components = record.components;
  rule.granularity = record.granularity;
  return for_family(rule, static_cast<int>(record.position_names.size()));
}

AblationRule ablation_of(const RunRecord& record) {
  return {
      identified(record, "ablation", {Ablation::mean, Ablation::zero, Ablation::resample}),
      identified(record, "positions",
                 {Positions::all, Positions::own, Positions::union_of_corrupted}),
      record.components,
      identified(record, "mlp_means", {MlpMeans::clean, MlpMeans::under_head_mask}),
  };
}

}  // namespace

Outcome verify_command(const Verification& verification, Format format) {
  const RunRecord record = read_run_file(verification.run_file);
  const SearchRule rule = rule_of(record);
  const std::filesystem::path folder = find_model(record, verification);
  std::future<std::string> sha256 = hash_model(folder);
  const LoadedModel loaded =
      load_model(folder, verification.device, Rung::fp64, verification.threads);
  check_model(sha256.get(), record, folder);
  Evaluator evaluator(*loaded.model, batch_of(record.clean, record.position_names),
                      batch_of(record.corrupted, record.position_names), ablation_of(record));
  VerifiedRun result = compare(record, rule, chosen(record, verification), evaluator);
  result.device = loaded.backend->info().description;
  if (format == Format::json) {
    fmt::print("{}\n", to_json(result));
  } else {
    print(result, record);
  }
  const bool agree = std::ranges::all_of(result.decisions, &VerifiedDecision::agrees);
  return agree ? Outcome::done : Outcome::contradicted;
}

}  // namespace headsweep
