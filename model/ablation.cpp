#include "model/ablation.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "model/layer.h"

namespace headsweep {
namespace {

/// Which corrupted rows each fill row is the mean of.
struct MeanRows {
  std::vector<std::vector<int>> sources;  // (fill rows)
  std::vector<int> row_of;                // (clean rows)
};

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

std::vector<double> mean_rows(const std::vector<double>& z, std::size_t d,
                              const std::vector<std::vector<int>>& sources) {
  std::vector<double> means;
  std::vector<double> sum(d);
  for (const auto& rows : sources) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const int row : rows)
      for (std::size_t i = 0; i < d; ++i) sum[i] += z[static_cast<std::size_t>(row) * d + i];
    for (const double value : sum) means.push_back(value / static_cast<double>(rows.size()));
  }
  return means;
}

AblationFills zero_fills(const Gpt2& model, const PromptBatch& clean) {
  const std::vector<double> zeros(static_cast<std::size_t>(model.config().d_model));
  const Numbers row = to_device(model.backend(), zeros);
  AblationFills fills{std::vector(static_cast<std::size_t>(model.config().layers), row), 1, {}};
  for (const auto& prompt : clean.tokens) fills.row_of.insert(fills.row_of.end(), prompt.size(), 0);
  return fills;
}

AblationFills resample_fills(const Gpt2& model, const PromptBatch& clean,
                             const PromptBatch& corrupted) {
  const Sequences sequences = lay_out(model.backend(), corrupted.tokens);
  AblationFills fills;
  fills.rows = sequences.rows();
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      assert(p < corrupted.tokens[b].size());
      fills.row_of.push_back(sequences.starts[b] + static_cast<int>(p));
    }
  run_unablated(model, corrupted.tokens, sequences, [&](Matrix z) {
    fills.heads.push_back(to_device(model.backend(), to_host(model.backend(), z)));
  });
  return fills;
}

AblationFills mean_fills(const Gpt2& model, const PromptBatch& clean,
                         const PromptBatch& corrupted) {
  const Sequences sequences = lay_out(model.backend(), corrupted.tokens);
  const MeanRows rows = find_mean_rows(clean, corrupted, sequences);
  AblationFills fills{{}, static_cast<int>(rows.sources.size()), rows.row_of};
  run_unablated(model, corrupted.tokens, sequences, [&](Matrix z) {
    fills.heads.push_back(to_device(
        model.backend(),
        mean_rows(to_host(model.backend(), z), static_cast<std::size_t>(z.columns), rows.sources)));
  });
  return fills;
}

}  // namespace

AblationFills compute_fills(const Gpt2& model, const PromptBatch& clean,
                            const PromptBatch& corrupted, Ablation kind) {
  switch (kind) {
    case Ablation::zero:
      return zero_fills(model, clean);
    case Ablation::resample:
      return resample_fills(model, clean, corrupted);
    case Ablation::mean:
      break;
  }
  return mean_fills(model, clean, corrupted);
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
