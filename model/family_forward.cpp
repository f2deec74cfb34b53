#include "model/family_forward.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headsweep {
namespace {

/// The rows of one part.
template <class T>
std::vector<T> some(const std::vector<T>& all, int first, int count) {
  return {all.begin() + first, all.begin() + first + count};
}

KeptRows some(const KeptRows& all, int first, int count) {
  KeptRows part{{}, some(all.of_any, first, count)};
  for (const auto& of_name : all.of_name) part.of_name.push_back(some(of_name, first, count));
  return part;
}

/// Corrupted prompts that are run count, too.
bool fits_at_once(const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                  int most_prompts) {
  return clean.prompts() <= most_prompts &&
         (rule.kind == Ablation::zero || corrupted.prompts() <= most_prompts);
}

}  // namespace

FamilyForward::FamilyForward(const Model& model, const PromptBatch& clean,
                             const PromptBatch& corrupted, const AblationRule& rule,
                             const AtOnce& at_once)
    : model_(model), rule_(rule), at_once_(at_once) {
  if (fits_at_once(clean, corrupted, rule, at_once.prompts)) {
    whole_ = std::make_unique<CircuitForward>(model, clean, corrupted, rule, at_once.circuits);
    return;
  }
  for (PromptBatch& part : cut(clean, at_once.prompts)) {
    const int first_row =
        parts_.empty() ? 0 : parts_.back().first_row + parts_.back().clean.all_tokens();
    parts_.push_back({std::move(part), {}, first_row});
  }
  family_.parts = static_cast<int>(parts_.size());
  family_.all_kept =
      std::make_shared<const KeptRows>(find_kept_rows(clean, corrupted, rule.positions));
  if (rule.kind == Ablation::resample) {
    const std::vector<PromptBatch> partners = cut(corrupted, at_once.prompts);
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].partners = partners[i];
    return;
  }
  family_.fills = compute_fills(model, clean, corrupted, rule, at_once.prompts);
  if (rule.has_masked_means())
    family_.masked_means =
        std::make_shared<MaskedMlpMeans>(model, clean, corrupted, rule.positions, at_once.prompts);
}

FamilyPart FamilyForward::part_of_family(const Part& part) const {
  const int rows = part.clean.all_tokens();
  FamilyPart result = family_;
  result.kept = std::make_shared<const KeptRows>(some(*family_.all_kept, part.first_row, rows));
  if (rule_.kind == Ablation::resample) {
    result.fills = compute_fills(model_, part.clean, part.partners, rule_);
  } else {
    result.fills.row_of = some(family_.fills.row_of, part.first_row, rows);
  }
  return result;
}

CircuitForward FamilyForward::open(const Part& part) const {
  return {model_, part.clean, rule_, part_of_family(part), at_once_.circuits};
}

std::vector<double> FamilyForward::run_full_model() {
  if (whole_) return whole_->run_full_model();
  std::vector<double> all;
  for (const Part& part : parts_) {
    const std::vector<double> of_part = open(part).run_full_model();
    all.insert(all.end(), of_part.begin(), of_part.end());
  }
  return all;
}

std::vector<std::vector<double>> FamilyForward::run(std::span<const Circuit> circuits) {
  if (whole_) return run(*whole_, circuits);
  std::vector<std::vector<double>> all(circuits.size());
  if (circuits.empty()) return all;
  for (const Part& part : parts_) {
    CircuitForward forward = open(part);
    const std::vector<std::vector<double>> of_part = run(forward, circuits);
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i].insert(all[i].end(), of_part[i].begin(), of_part[i].end());
  }
  return all;
}

std::vector<std::vector<double>> FamilyForward::run(CircuitForward& forward,
                                                    std::span<const Circuit> circuits) {
  std::vector<std::vector<double>> results;
  const auto most = static_cast<std::size_t>(at_once_.circuits);
  for (std::size_t first = 0; first < circuits.size(); first += most)
    std::ranges::move(forward.run(circuits.subspan(first, std::min(most, circuits.size() - first))),
                      std::back_inserter(results));
  return results;
}

}  // namespace headsweep
