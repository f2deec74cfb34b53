#include "model/ablation.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <map>

#include "model/layer.h"

namespace headsweep {
namespace {

bool has_mlp_fills(const AblationRule& rule) {
  return mlps_take_part(rule.components) && !rule.has_masked_means();
}

AblationFills zero_fills(const Model& model, const PromptBatch& clean, const AblationRule& rule) {
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
MeanRows rows_of_partners(const PromptBatch& clean, const PromptBatch& corrupted) {
  MeanRows result;
  int start = 0;
  for (std::size_t b = 0; b < corrupted.tokens.size(); ++b) {
    const int length = static_cast<int>(corrupted.tokens[b].size());
    for (int p = 0; p < length; ++p) result.fill_of.push_back(start + p);
    if (b < clean.tokens.size()) {
      assert(clean.tokens[b].size() <= corrupted.tokens[b].size());
      for (int p = 0; p < static_cast<int>(clean.tokens[b].size()); ++p)
        result.row_of.push_back(start + p);
    }
    start += length;
  }
  result.counts.assign(static_cast<std::size_t>(start), 1);
  return result;
}

/// [name][position]: whether a corrupted prompt has the name there.
std::vector<std::vector<std::uint8_t>> named_in_any(const PromptBatch& prompts, int longest) {
  std::vector<std::vector<std::uint8_t>> named(prompts.position_names.size());
  for (auto& of_name : named) of_name.resize(static_cast<std::size_t>(longest));
  for (const std::vector<int>& positions : prompts.positions)
    for (std::size_t n = 0; n < named.size(); ++n)
      if (positions[n] < longest) named[n][static_cast<std::size_t>(positions[n])] = 1;
  return named;
}

}  // namespace

AblationRule ablation_rule(const Job& job, Ablation ablation) {
  return {ablation, job.search.positions, job.search.components, job.search.mlp_means};
}

MeanRows find_mean_rows(const PromptBatch& clean, const PromptBatch& corrupted) {
  MeanRows result;
  std::map<std::pair<int, std::size_t>, int> fill_rows;  // (template, position)
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      const auto number = static_cast<int>(fill_rows.size());
      result.row_of.push_back(
          fill_rows.emplace(std::pair(clean.templates[b], p), number).first->second);
    }
  result.counts.resize(fill_rows.size());
  for (std::size_t c = 0; c < corrupted.tokens.size(); ++c)
    for (std::size_t p = 0; p < corrupted.tokens[c].size(); ++p) {
      const auto found = fill_rows.find(std::pair(corrupted.templates[c], p));
      result.fill_of.push_back(found == fill_rows.end() ? MeanRows::none : found->second);
      if (found != fill_rows.end()) ++result.counts[static_cast<std::size_t>(found->second)];
    }
  assert(std::ranges::find(result.counts, 0) == result.counts.end());
  return result;
}

MeanSums::MeanSums(const MeanRows& rows, std::int64_t columns)
    : rows_(&rows),
      columns_(columns),
      sums_(rows.counts.size() * static_cast<std::size_t>(columns)) {}

void MeanSums::add(Backend& backend, Matrix values) {
  // So few at a time that the host's copy is small.
  constexpr std::int64_t numbers_at_a_time = 1 << 18;
  const std::int64_t most = std::max(numbers_at_a_time / columns_, std::int64_t{1});
  for (std::int64_t first = 0; first < values.rows; first += most) {
    const Matrix some = values.part_of_rows(first, std::min(most, values.rows - first));
    const std::vector<double> host =
        some.stride == some.columns
            ? to_host(backend, some.element, some.data, some.rows * some.columns)
            : to_host(backend, some);
    for (auto row = host.begin(); row != host.end(); row += columns_) {
      const int fill = rows_->fill_of[next_row_++];
      if (fill == MeanRows::none) continue;
      const auto sum = sums_.begin() + fill * columns_;
      std::transform(sum, sum + columns_, row, sum, std::plus());
    }
  }
}

std::vector<double> MeanSums::means() const {
  std::vector<double> means = sums_;
  auto mean = means.begin();
  for (const int count : rows_->counts)
    for (std::int64_t i = 0; i < columns_; ++i) *mean++ /= static_cast<double>(count);
  return means;
}

namespace {

/// What the unablated model puts out on each corrupted prompt.
AblationFills partners_fills(const Model& model, const PromptBatch& clean,
                             const PromptBatch& corrupted, const AblationRule& rule) {
  const MeanRows rows = rows_of_partners(clean, corrupted);
  AblationFills fills{{}, {}, rows.fill_rows(), rows.row_of};
  const auto take_into = [&](std::vector<Numbers>& layers) {
    return [&](Matrix values) {
      MeanSums sums(rows, values.columns);
      sums.add(model.backend(), values);
      layers.push_back(to_device(model.backend(), sums.means()));
    };
  };
  run_unablated(model, corrupted.tokens, lay_out(model, corrupted.tokens),
                {take_into(fills.heads), has_mlp_fills(rule) ? take_into(fills.mlps) : Show()});
  return fills;
}

AblationFills mean_fills(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                         const AblationRule& rule, int most_prompts) {
  const MeanRows rows = find_mean_rows(clean, corrupted);
  const auto layers = static_cast<std::size_t>(model.config().layers);
  std::vector<MeanSums> heads(layers, MeanSums(rows, model.config().d_model)), mlps;
  if (has_mlp_fills(rule)) mlps = heads;
  for (const PromptBatch& part : cut(corrupted, most_prompts)) {
    const auto add_to = [&](std::vector<MeanSums>& sums) {
      return [&, layer = sums.begin()](Matrix values) mutable {
        (layer++)->add(model.backend(), values);
      };
    };
    run_unablated(model, part.tokens, lay_out(model, part.tokens),
                  {add_to(heads), mlps.empty() ? Show() : add_to(mlps)});
  }
  AblationFills fills{{}, {}, rows.fill_rows(), rows.row_of};
  for (const MeanSums& sums : heads)
    fills.heads.push_back(to_device(model.backend(), sums.means()));
  for (const MeanSums& sums : mlps) fills.mlps.push_back(to_device(model.backend(), sums.means()));
  return fills;
}

}  // namespace

AblationFills compute_fills(const Model& model, const PromptBatch& clean,
                            const PromptBatch& corrupted, const AblationRule& rule,
                            int most_prompts) {
  switch (rule.kind) {
    case Ablation::zero:
      return zero_fills(model, clean, rule);
    case Ablation::resample:
      return partners_fills(model, clean, corrupted, rule);
    case Ablation::mean:
      break;
  }
  return mean_fills(model, clean, corrupted, rule, most_prompts);
}

KeptRows find_kept_rows(const PromptBatch& clean, const PromptBatch& corrupted,
                        Positions positions) {
  const std::size_t names = clean.position_names.size();
  std::vector<std::vector<std::uint8_t>> in_any;
  if (positions == Positions::union_of_corrupted) in_any = named_in_any(corrupted, clean.longest());
  KeptRows result;
  result.of_name.resize(names);
  for (std::size_t b = 0; b < clean.tokens.size(); ++b)
    for (std::size_t p = 0; p < clean.tokens[b].size(); ++p) {
      std::uint8_t any = positions == Positions::all ? 1 : 0;
      for (std::size_t n = 0; n < names; ++n) {
        const bool kept = positions == Positions::all ? true
                          : positions == Positions::own
                              ? static_cast<std::size_t>(clean.positions[b][n]) == p
                              : in_any[n][p] != 0;
        result.of_name[n].push_back(kept ? 1 : 0);
        any = any != 0 || kept ? 1 : 0;
      }
      result.of_any.push_back(any);
    }
  return result;
}

}  // namespace headsweep
