#include "model/circuit_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/numbers_below.h"

namespace headsweep {
namespace {

bool keeps_in_row(const Circuit& circuit, int layer, int head, std::size_t row,
                  const KeptRows& kept) {
  if (!heads_take_part(circuit.components())) return true;
  if (circuit.positions() == 1) return circuit.keeps(layer, head) && kept.of_any[row] != 0;
  for (int p = 0; p < circuit.positions(); ++p)
    if (circuit.keeps(layer, head, p) && kept.of_name[static_cast<std::size_t>(p)][row] != 0)
      return true;
  return false;
}

/// In how many rows the circuit keeps the head.
std::size_t count_kept(const Circuit& circuit, int layer, int head, const KeptRows& kept,
                       std::size_t rows_of_any) {
  const std::size_t rows = kept.of_any.size();
  if (!heads_take_part(circuit.components())) return rows;
  if (circuit.positions() == 1) return circuit.keeps(layer, head) ? rows_of_any : 0;
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows; ++row)
    count += keeps_in_row(circuit, layer, head, row, kept) ? 1 : 0;
  return count;
}

MlpForm mlp_form(const Circuit& circuit, int layer, std::ptrdiff_t kept_rows, std::size_t rows) {
  if (!mlps_take_part(circuit.components())) return MlpForm::computed;
  if (!circuit.keeps_mlp(layer) || kept_rows == 0) return MlpForm::ablated;
  return std::cmp_equal(kept_rows, rows) ? MlpForm::computed : MlpForm::kept_where_named;
}

}  // namespace

int most_packed_heads(int heads) { return 3 * heads / 4; }

CircuitPlan plan_circuit(const Circuit& circuit, const KeptRows& kept) {
  const std::size_t rows = kept.of_any.size();
  const int first_reduced = circuit.first_reduced_layer();
  const auto rows_of_any = std::ranges::count(kept.of_any, std::uint8_t{1});
  CircuitPlan plan;
  for (int layer = 0; layer < circuit.layers(); ++layer) {
    LayerPlan& here = plan.layers.emplace_back();
    here.mlp = mlp_form(circuit, layer, rows_of_any, rows);
    std::size_t kept_rows = 0;
    for (int head = 0; head < circuit.heads(); ++head) {
      const std::size_t count =
          count_kept(circuit, layer, head, kept, static_cast<std::size_t>(rows_of_any));
      if (count > 0) here.heads.push_back(head);
      kept_rows += count;
    }
    if (here.heads.empty()) continue;
    plan.last_attending = layer;
    // In the first reduced layer the heads' outputs are those of the layers below it, which much
    // else shares.
    if (layer == first_reduced || std::ssize(here.heads) > most_packed_heads(circuit.heads())) {
      here.form = HeadForm::every_head;
      here.heads = numbers_below(circuit.heads());
    }
    here.replaces = kept_rows < here.heads.size() * rows;
  }
  return plan;
}

CircuitPlan plan_full_model(int layers, int heads) {
  const LayerPlan layer{HeadForm::every_head, numbers_below(heads), false, MlpForm::computed};
  return {std::vector(static_cast<std::size_t>(layers), layer), layers - 1};
}

std::vector<std::uint8_t> keep_mask(const Circuit& circuit, int layer,
                                    const std::vector<int>& heads, const std::vector<int>& rows,
                                    const KeptRows& kept) {
  std::vector<std::uint8_t> mask;
  for (const int row : rows)
    for (const int head : heads)
      mask.push_back(keeps_in_row(circuit, layer, head, static_cast<std::size_t>(row), kept) ? 1
                                                                                             : 0);
  return mask;
}

}  // namespace headsweep
