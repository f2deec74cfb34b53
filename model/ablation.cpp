#include "model/ablation.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "model/layer.h"

namespace headsweep {
namespace {

bool has_mlp_fills(const AblationRule& rule) {
  return mlps_take_part(rule.components) && !rule.has_masked_means();
}

AblationFills zero_fills(const Gpt2& model, const PromptBatch& clean, const AblationRule& rule) {
  const std::vector<double> zeros(static_cast<std::size_t>(model.config().d_model));
  const Numbers row = to_device(model.backend(), zeros);
  AblationFills fills;
  fills.rows = 1;
  fills.heads.assign(static_cast<std::size_t>(model.config().layers), row);
  if (has_mlp_fills(rule)) fills.mlps = fills.heads;
  for (const auto& prompt : clean.tokens) fills.row_of.insert(fills.row_of.end(), prompt.size(), 0);
  return fills;
}

/// A fill row for each row that the unablated model computes on the corrupted prompts.
MeanRows rows_of_partners(const PromptBatch& clean, [[maybe_unused]] const PromptBatch& corrupted,
                          const Sequences& sequences) {
  MeanRows result;
  for (int row = 0; row < sequences.rows(); ++row) result.sources.push_back({row});
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      assert(p < corrupted.tokens[b].size());
      result.row_of.push_back(sequences.starts[b] + static_cast<int>(p));
    }
  return result;
}

}  // namespace

AblationRule ablation_rule(const Job& job, Ablation ablation) {
  return {ablation, job.search.positions, job.search.components, job.search.mlp_means};
}

MeanRows find_mean_rows(const PromptBatch& clean, const PromptBatch& corrupted,
                        const Sequences& corrupted_rows) {
  MeanRows result;
  std::map<std::pair<int, std::size_t>, int> fill_rows;  // (template, position)
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      const std::pair key(clean.templates[b], p);
      if (const auto [at, added] = fill_rows.emplace(key, static_cast<int>(result.sources.size()));
          added) {
        auto& sources = result.sources.emplace_back();
        for (std::size_t c = 0; c < corrupted.tokens.size(); ++c)
          if (corrupted.templates[c] == key.first && p < corrupted.tokens[c].size())
            sources.push_back(corrupted_rows.starts[c] + static_cast<int>(p));
        assert(!sources.empty());
      }
      result.row_of.push_back(fill_rows.at(key));
    }
  return result;
}

std::vector<double> means_of(const MeanRows& rows, const std::vector<double>& values,
                             std::size_t columns) {
  std::vector<double> means;
  std::vector<double> sum(columns);
  for (const auto& sources : rows.sources) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const int row : sources)
      for (std::size_t i = 0; i < columns; ++i)
        sum[i] += values[static_cast<std::size_t>(row) * columns + i];
    for (const double value : sum) means.push_back(value / static_cast<double>(sources.size()));
  }
  return means;
}

AblationFills compute_fills(const Gpt2& model, const PromptBatch& clean,
                            const PromptBatch& corrupted, const AblationRule& rule) {
  if (rule.kind == Ablation::zero) return zero_fills(model, clean, rule);
  const Sequences sequences = lay_out(model.backend(), corrupted.tokens);
  const MeanRows rows = rule.kind == Ablation::resample
                            ? rows_of_partners(clean, corrupted, sequences)
                            : find_mean_rows(clean, corrupted, sequences);
  AblationFills fills;
  fills.rows = static_cast<int>(rows.sources.size());
  fills.row_of = rows.row_of;
  const auto take_into = [&](std::vector<Numbers>& layers) {
    return [&](Matrix values) {
      layers.push_back(
          to_device(model.backend(), means_of(rows, to_host(model.backend(), values),
                                              static_cast<std::size_t>(values.columns))));
    };
  };
  run_unablated(model, corrupted.tokens, sequences,
                {take_into(fills.heads), has_mlp_fills(rule) ? take_into(fills.mlps) : Show()});
  return fills;
}

KeptRows find_kept_rows(const PromptBatch& clean, const PromptBatch& corrupted,
                        Positions positions) {
  const std::size_t names = clean.position_names.size();
  KeptRows result;
  result.of_name.resize(names);
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      std::uint8_t any = positions == Positions::all ? 1 : 0;
      for (std::size_t n = 0; n < names; ++n) {
        const auto named = [&](const std::vector<int>& prompt) {
          return static_cast<std::size_t>(prompt[n]) == p;
        };
        const bool kept =
            positions == Positions::all ? true
            : positions == Positions::own
                ? named(clean.positions[b])
                : std::any_of(corrupted.positions.begin(), corrupted.positions.end(), named);
        result.of_name[n].push_back(kept ? 1 : 0);
        any = any != 0 || kept ? 1 : 0;
      }
      result.of_any.push_back(any);
    }
  return result;
}

}  // namespace headsweep
