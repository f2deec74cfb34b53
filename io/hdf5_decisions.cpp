#include "io/hdf5_decisions.h"

#include <cstdint>
#include <initializer_list>
#include <string>

#include <fmt/format.h>

#include "io/hdf5_datasets.h"

namespace headsweep::hdf5 {
namespace {

struct DecisionRow {
  std::int32_t layer;
  std::int8_t component;
  std::int32_t head, position;
  double score_percent, margin;
  std::int8_t removed;
  double seconds;
  std::int32_t wave, rank, host, rung;
  double guard;
  std::int8_t tie;
};

struct RemovalRow {
  std::int32_t layer, head;
  double score_percent;
  std::int32_t rung;
};

struct AuditRow {
  std::int32_t decision;
  double score_percent;
  std::int8_t agrees;
};

constexpr std::int8_t head_component = 0, mlp_component = 1;

Type component_type() {
  Type type(check(H5Tenum_create(H5T_NATIVE_INT8)));
  check(H5Tenum_insert(type.get(), "HEAD", &head_component));
  check(H5Tenum_insert(type.get(), "MLP", &mlp_component));
  return type;
}

/// The head, which an MLP has not.
int head_read(const std::int8_t component, int head) {
  const std::int8_t expected = head == no_head ? mlp_component : head_component;
  if (component != expected)
    throw Failure(fmt::format("'decisions' has a component {} with head {}", component, head));
  return head;
}

std::int8_t truth(bool value) { return static_cast<std::int8_t>(value ? 1 : 0); }

bool truth_read(std::int8_t value, const char* table, const char* member) {
  if (value != 0 && value != 1)
    throw Failure(
        fmt::format("'{}' has an entry '{}' that is neither TRUE nor FALSE", table, member));
  return value == 1;
}

struct Member {
  const char* name;
  std::size_t offset;
  hid_t type;
};

Type compound_type(std::size_t bytes, std::initializer_list<Member> members) {
  Type row(check(H5Tcreate(H5T_COMPOUND, bytes)));
  for (const Member& member : members)
    check(H5Tinsert(row.get(), member.name, member.offset, member.type));
  return row;
}

template <class Row>
Type type_in_memory();

template <>
Type type_in_memory<DecisionRow>() {
  const Type truths = truth_type(), components = component_type();
  return compound_type(sizeof(DecisionRow),
                       {{"layer", HOFFSET(DecisionRow, layer), H5T_NATIVE_INT32},
                        {"component", HOFFSET(DecisionRow, component), components.get()},
                        {"head", HOFFSET(DecisionRow, head), H5T_NATIVE_INT32},
                        {"position", HOFFSET(DecisionRow, position), H5T_NATIVE_INT32},
                        {"score_percent", HOFFSET(DecisionRow, score_percent), H5T_NATIVE_DOUBLE},
                        {"margin", HOFFSET(DecisionRow, margin), H5T_NATIVE_DOUBLE},
                        {"removed", HOFFSET(DecisionRow, removed), truths.get()},
                        {"seconds", HOFFSET(DecisionRow, seconds), H5T_NATIVE_DOUBLE},
                        {"wave", HOFFSET(DecisionRow, wave), H5T_NATIVE_INT32},
                        {"rank", HOFFSET(DecisionRow, rank), H5T_NATIVE_INT32},
                        {"host", HOFFSET(DecisionRow, host), H5T_NATIVE_INT32},
                        {"rung", HOFFSET(DecisionRow, rung), H5T_NATIVE_INT32},
                        {"guard", HOFFSET(DecisionRow, guard), H5T_NATIVE_DOUBLE},
                        {"tie", HOFFSET(DecisionRow, tie), truths.get()}});
}

template <>
Type type_in_memory<RemovalRow>() {
  return compound_type(sizeof(RemovalRow),
                       {{"layer", HOFFSET(RemovalRow, layer), H5T_NATIVE_INT32},
                        {"head", HOFFSET(RemovalRow, head), H5T_NATIVE_INT32},
                        {"score_percent", HOFFSET(RemovalRow, score_percent), H5T_NATIVE_DOUBLE},
                        {"rung", HOFFSET(RemovalRow, rung), H5T_NATIVE_INT32}});
}

template <>
Type type_in_memory<AuditRow>() {
  const Type truths = truth_type();
  return compound_type(sizeof(AuditRow),
                       {{"decision", HOFFSET(AuditRow, decision), H5T_NATIVE_INT32},
                        {"score_percent", HOFFSET(AuditRow, score_percent), H5T_NATIVE_DOUBLE},
                        {"agrees", HOFFSET(AuditRow, agrees), truths.get()}});
}

/// Without the gaps between members.
template <class Row>
Type type_in_file() {
  Type row = type_in_memory<Row>();
  check(H5Tpack(row.get()));
  return row;
}

template <class Row>
void write_rows(hid_t root, const std::string& name, const std::vector<Row>& rows) {
  const Type in_memory = type_in_memory<Row>();
  write_table(root, name, type_in_file<Row>(), in_memory.get(), {rows.size()}, rows.data());
}

template <class Row>
std::vector<Row> read_rows(hid_t root, const std::string& name) {
  const OpenTable table = open_table(root, name, {any_extent});
  if (check(H5Tequal(table.type.get(), type_in_file<Row>().get())) == 0)
    throw Failure(fmt::format("'{}' has the wrong type", name));
  std::vector<Row> rows(table.elements);
  const Type in_memory = type_in_memory<Row>();
  if (!rows.empty())
    check(
        H5Dread(table.dataset.get(), in_memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()));
  return rows;
}

}  // namespace

void write_decisions(hid_t root, const std::vector<DecisionRecord>& decisions,
                     std::size_t prompts) {
  std::vector<DecisionRow> rows;
  std::vector<double> per_prompt;
  for (const DecisionRecord& each : decisions) {
    rows.push_back({each.layer, each.is_mlp() ? mlp_component : head_component, each.head,
                    each.position, each.score_percent, each.margin, truth(each.removed),
                    each.seconds, each.wave, each.rank, each.host, each.rung, each.guard,
                    truth(each.tie)});
    per_prompt.insert(per_prompt.end(), each.per_prompt.begin(), each.per_prompt.end());
  }
  write_rows(root, "decisions", rows);
  write_numbers(root, "per_prompt", {rows.size(), prompts}, per_prompt);
}

std::vector<DecisionRecord> read_decisions(hid_t root, std::size_t prompts) {
  const auto rows = read_rows<DecisionRow>(root, "decisions");
  const auto per_prompt = read_numbers<double>(root, "per_prompt", {rows.size(), prompts});
  std::vector<DecisionRecord> decisions;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const DecisionRow& row = rows[i];
    const auto begin = per_prompt.begin() + static_cast<std::ptrdiff_t>(i * prompts);
    decisions.push_back({row.layer,
                         head_read(row.component, row.head),
                         row.score_percent,
                         row.margin,
                         truth_read(row.removed, "decisions", "removed"),
                         row.seconds,
                         row.wave,
                         row.rank,
                         row.host,
                         {begin, begin + static_cast<std::ptrdiff_t>(prompts)},
                         row.rung,
                         row.guard,
                         truth_read(row.tie, "decisions", "tie"),
                         row.position});
  }
  return decisions;
}

void write_single_removals(hid_t root, const std::vector<SingleRemoval>& removals) {
  std::vector<RemovalRow> rows;
  for (const SingleRemoval& each : removals)
    rows.push_back({each.layer, each.head, each.score_percent, each.rung});
  write_rows(root, "single_removals", rows);
}

std::vector<SingleRemoval> read_single_removals(hid_t root) {
  std::vector<SingleRemoval> removals;
  for (const RemovalRow& row : read_rows<RemovalRow>(root, "single_removals"))
    removals.push_back({row.layer, row.head, row.score_percent, row.rung});
  return removals;
}

void write_audit(hid_t root, const std::vector<AuditRecord>& audit) {
  std::vector<AuditRow> rows;
  for (const AuditRecord& each : audit)
    rows.push_back({each.decision, each.score_percent, truth(each.agrees)});
  write_rows(root, "audit", rows);
}

std::vector<AuditRecord> read_audit(hid_t root) {
  std::vector<AuditRecord> audit;
  for (const AuditRow& row : read_rows<AuditRow>(root, "audit"))
    audit.push_back({row.decision, row.score_percent, truth_read(row.agrees, "audit", "agrees")});
  return audit;
}

}  // namespace headsweep::hdf5
