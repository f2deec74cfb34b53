#include "io/published_search.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "io/circuit_file.h"
#include "io/csv_table.h"
#include "io/errors.h"
#include "io/wording.h"

namespace headsweep {
namespace {

constexpr const char* score = "score_pct";
constexpr const char* score_of_removal = "score_pct_after_removal";

/// Takes " 12" off; nullopt if the text does not begin so.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  if (!text.starts_with(' ')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// Of "h 11 0" or "mlp 11".
RunComponent named_component(const CsvTable& table, std::size_t row) {
  const std::string& name = table.text(row, "component");
  std::string_view rest = name;
  const bool is_mlp = rest.starts_with("mlp");
  if (is_mlp || rest.starts_with('h')) {
    rest.remove_prefix(is_mlp ? 3 : 1);
    const std::optional<int> layer = take_number(rest);
    const std::optional<int> head = is_mlp ? RunComponent::mlp : take_number(rest);
    if (layer && head && rest.empty()) return {*layer, *head};
  }
  throw UserError(
      fmt::format("{}: component: {} is neither a head, as in 'h 11 0', nor an MLP, as "
                  "in 'mlp 11'",
                  table.where(row), in_quotes(name)));
}

RunComponent numbered_component(const CsvTable& table, std::size_t row) {
  const auto [layer, head] = table.layer_and_head(row);
  return {layer, head};
}

PublishedSearch published_circuit(const std::filesystem::path& path) {
  const CircuitFile circuit = read_circuit(path);
  if (circuit.per_position)
    throw UserError(fmt::format(
        "{}: keeps heads at single positions; no search that was published did", path.string()));
  PublishedSearch search;
  search.extent = PublishedSearch::Extent::circuit;
  for (const auto& [layer, head] : circuit.heads) search.kept.push_back({layer, head});
  for (const int layer : circuit.mlps.value_or(std::vector<int>()))
    search.kept.push_back({layer, RunComponent::mlp});
  return search;
}

}  // namespace

PublishedSearch read_published_search(const std::filesystem::path& path) {
  if (path.extension() == ".json") return published_circuit(path);
  const CsvTable table(path, "the published search");
  const bool named = table.has("component");
  const bool removals_only = !named && table.has(score_of_removal);
  PublishedSearch search;
  if (removals_only) search.extent = PublishedSearch::Extent::removals;
  if (named)
    table.require({"component", score, "removed"});
  else if (removals_only)
    table.require({"layer", "head", score_of_removal});
  else
    table.require({"layer", "head", score, "removed"});
  for (std::size_t row = 0; row < table.rows(); ++row)
    search.decisions.push_back(
        {named ? named_component(table, row) : numbered_component(table, row),
         table.finite_number(row, removals_only ? score_of_removal : score),
         removals_only || table.yes(row, "removed"), table.where(row)});
  if (search.decisions.empty())
    throw UserError(fmt::format("{}: holds no decisions", path.string()));
  return search;
}

}  // namespace headsweep
