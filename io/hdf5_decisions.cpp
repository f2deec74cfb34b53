#include "io/hdf5_decisions.h"

#include <algorithm>
#include <cstdint>

#include "io/hdf5_datasets.h"

namespace headsweep::hdf5 {
namespace {

struct DecisionRow {
  std::int32_t layer, head;
  double score_percent, margin;
  std::int8_t removed;
  double seconds;
  std::int32_t wave, rank, host;
};

/// The enumeration that h5py knows as bool.
Type truth_type() {
  Type type(check(H5Tenum_create(H5T_NATIVE_INT8)));
  const std::int8_t no = 0, yes = 1;
  check(H5Tenum_insert(type.get(), "FALSE", &no));
  check(H5Tenum_insert(type.get(), "TRUE", &yes));
  return type;
}

Type row_in_memory() {
  Type row(check(H5Tcreate(H5T_COMPOUND, sizeof(DecisionRow))));
  const auto add = [&](const char* name, std::size_t offset, hid_t type) {
    check(H5Tinsert(row.get(), name, offset, type));
  };
  add("layer", HOFFSET(DecisionRow, layer), H5T_NATIVE_INT32);
  add("head", HOFFSET(DecisionRow, head), H5T_NATIVE_INT32);
  add("score_percent", HOFFSET(DecisionRow, score_percent), H5T_NATIVE_DOUBLE);
  add("margin", HOFFSET(DecisionRow, margin), H5T_NATIVE_DOUBLE);
  add("removed", HOFFSET(DecisionRow, removed), truth_type().get());
  add("seconds", HOFFSET(DecisionRow, seconds), H5T_NATIVE_DOUBLE);
  add("wave", HOFFSET(DecisionRow, wave), H5T_NATIVE_INT32);
  add("rank", HOFFSET(DecisionRow, rank), H5T_NATIVE_INT32);
  add("host", HOFFSET(DecisionRow, host), H5T_NATIVE_INT32);
  return row;
}

Type row_in_file() {
  Type row = row_in_memory();
  check(H5Tpack(row.get()));
  return row;
}

std::vector<DecisionRow> read_decision_rows(hid_t root) {
  const OpenTable table = open_table(root, "decisions", {any_extent});
  if (check(H5Tequal(table.type.get(), row_in_file().get())) == 0)
    throw Failure("'decisions' has the wrong type");
  std::vector<DecisionRow> rows(table.elements);
  const Type in_memory = row_in_memory();
  if (!rows.empty())
    check(
        H5Dread(table.dataset.get(), in_memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()));
  if (std::ranges::any_of(rows, [](auto& row) { return row.removed != 0 && row.removed != 1; }))
    throw Failure("'decisions' has a 'removed' that is neither TRUE nor FALSE");
  return rows;
}

}  // namespace

void write_decisions(hid_t root, const std::vector<DecisionRecord>& decisions,
                     std::size_t prompts) {
  std::vector<DecisionRow> rows;
  std::vector<double> per_prompt;
  for (const DecisionRecord& each : decisions) {
    rows.push_back({each.layer, each.head, each.score_percent, each.margin,
                    static_cast<std::int8_t>(each.removed ? 1 : 0), each.seconds, each.wave,
                    each.rank, each.host});
    per_prompt.insert(per_prompt.end(), each.per_prompt.begin(), each.per_prompt.end());
  }
  const Type in_memory = row_in_memory();
  write_table(root, "decisions", row_in_file(), in_memory.get(), {rows.size()}, rows.data());
  write_numbers(root, "per_prompt", {rows.size(), prompts}, per_prompt);
}

std::vector<DecisionRecord> read_decisions(hid_t root, std::size_t prompts) {
  const std::vector<DecisionRow> rows = read_decision_rows(root);
  const auto per_prompt = read_numbers<double>(root, "per_prompt", {rows.size(), prompts});
  std::vector<DecisionRecord> decisions;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const DecisionRow& row = rows[i];
    const auto begin = per_prompt.begin() + static_cast<std::ptrdiff_t>(i * prompts);
    decisions.push_back({row.layer,
                         row.head,
                         row.score_percent,
                         row.margin,
                         row.removed == 1,
                         row.seconds,
                         row.wave,
                         row.rank,
                         row.host,
                         {begin, begin + static_cast<std::ptrdiff_t>(prompts)}});
  }
  return decisions;
}

}  // namespace headsweep::hdf5
