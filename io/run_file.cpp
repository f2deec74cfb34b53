#include "io/run_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/hdf5_attributes.h"
#include "io/hdf5_common.h"
#include "io/hdf5_datasets.h"
#include "io/hdf5_decisions.h"
#include "io/hdf5_precision.h"
#include "io/result_format.h"
#include "io/run_check.h"

namespace headsweep {
namespace {

using namespace hdf5;

constexpr FormatVersions versions = {.oldest_read = 4, .written = 4};
constexpr int no_token = -1;  // behind the end of a prompt that is shorter than others

template <class T>
std::vector<T> column(const std::vector<PromptRecord>& prompts, T PromptRecord::*member) {
  std::vector<T> values;
  for (const PromptRecord& prompt : prompts) values.push_back(prompt.*member);
  return values;
}

template <class T>
void fill_column(std::vector<PromptRecord>& prompts, T PromptRecord::*member,
                 const std::vector<T>& values) {
  for (std::size_t i = 0; i < prompts.size(); ++i) prompts[i].*member = values[i];
}

/// (prompts, longest prompt), padded.
std::vector<int> token_table(const std::vector<PromptRecord>& prompts, std::size_t longest) {
  std::vector<int> table(prompts.size() * longest, no_token);
  for (std::size_t i = 0; i < prompts.size(); ++i)
    std::ranges::copy(prompts[i].tokens, table.begin() + static_cast<std::ptrdiff_t>(i * longest));
  return table;
}

/// One row of a table with as many rows as there are prompts.
std::vector<int> row_of(const std::vector<int>& table, std::size_t row, std::size_t rows) {
  const auto width = static_cast<std::ptrdiff_t>(table.size() / rows);
  const auto begin = table.begin() + static_cast<std::ptrdiff_t>(row) * width;
  return {begin, begin + width};
}

void write_prompts(hid_t parent, const char* name, const std::vector<PromptRecord>& prompts,
                   std::size_t positions) {
  const Group group = create_group(parent, name);
  const hid_t id = group.get();
  const Shape list = {prompts.size()};
  std::size_t longest = 0;
  std::vector<int> position_table;
  for (const PromptRecord& prompt : prompts) {
    longest = std::max(longest, prompt.tokens.size());
    position_table.insert(position_table.end(), prompt.positions.begin(), prompt.positions.end());
  }
  write_texts(id, "text", list, column(prompts, &PromptRecord::text));
  write_texts(id, "answer", list, column(prompts, &PromptRecord::answer));
  write_texts(id, "distractor", list, column(prompts, &PromptRecord::distractor));
  write_numbers(id, "template", list, column(prompts, &PromptRecord::template_id));
  write_numbers(id, "tokens", {prompts.size(), longest}, token_table(prompts, longest));
  write_numbers(id, "answer_token", list, column(prompts, &PromptRecord::answer_token));
  write_numbers(id, "distractor_token", list, column(prompts, &PromptRecord::distractor_token));
  write_numbers(id, "positions", {prompts.size(), positions}, position_table);
}

std::vector<PromptRecord> read_prompts(hid_t parent, const char* name, std::size_t positions) {
  const Group group = open_group(parent, name);
  const hid_t id = group.get();
  const std::vector<std::string> texts = read_texts(id, "text", {any_extent});
  std::vector<PromptRecord> prompts(texts.size());
  const Shape list = {texts.size()};
  fill_column(prompts, &PromptRecord::text, texts);
  fill_column(prompts, &PromptRecord::answer, read_texts(id, "answer", list));
  fill_column(prompts, &PromptRecord::distractor, read_texts(id, "distractor", list));
  fill_column(prompts, &PromptRecord::template_id, read_numbers<int>(id, "template", list));
  fill_column(prompts, &PromptRecord::answer_token, read_numbers<int>(id, "answer_token", list));
  fill_column(prompts, &PromptRecord::distractor_token,
              read_numbers<int>(id, "distractor_token", list));
  const auto tokens = read_numbers<int>(id, "tokens", {texts.size(), any_extent});
  const auto position_table = read_numbers<int>(id, "positions", {texts.size(), positions});
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    prompts[i].tokens = row_of(tokens, i, prompts.size());
    while (!prompts[i].tokens.empty() && prompts[i].tokens.back() == no_token)
      prompts[i].tokens.pop_back();
    prompts[i].positions = row_of(position_table, i, prompts.size());
  }
  return prompts;
}

std::vector<int> circuit_table(const RunRecord& record) {
  std::vector<int> table;
  for (const auto& [layer, head] : kept_heads(record)) table.insert(table.end(), {layer, head});
  return table;
}

/// (layer, head, position); empty unless heads are removed at single positions.
std::vector<int> position_circuit_table(const RunRecord& record) {
  std::vector<int> table;
  if (record.granularity != Granularity::position) return table;
  const std::vector<HeadList> kept = kept_heads_by_position(record);
  for (std::size_t position = 0; position < kept.size(); ++position)
    for (const auto& [layer, head] : kept[position])
      table.insert(table.end(), {layer, head, static_cast<int>(position)});
  return table;
}

/// Empty if MLPs take no part.
std::vector<int> mlp_list(const RunRecord& record) {
  return mlps_take_part(record.components) ? kept_mlps(record) : std::vector<int>();
}

void write_work(hid_t root, const WorkRecord& work) {
  const Group group = create_group(root, "work");
  write_attribute(group.get(), "waves", work.waves);
  write_attribute(group.get(), "evaluations", work.evaluations);
  write_attribute(group.get(), "discarded", work.discarded);
  write_attribute(group.get(), "compute_seconds", work.compute_seconds);
  write_attribute(group.get(), "communication_seconds", work.communication_seconds);
  write_attribute(group.get(), "waiting_seconds", work.waiting_seconds);
}

WorkRecord read_work(hid_t root) {
  const Group group = open_group(root, "work");
  return {.waves = read_attribute<int>(group.get(), "waves"),
          .evaluations = read_attribute<long long>(group.get(), "evaluations"),
          .discarded = read_attribute<long long>(group.get(), "discarded"),
          .compute_seconds = read_attribute<double>(group.get(), "compute_seconds"),
          .communication_seconds = read_attribute<double>(group.get(), "communication_seconds"),
          .waiting_seconds = read_attribute<double>(group.get(), "waiting_seconds")};
}

void write_record(hid_t root, const RunRecord& record) {
  const std::vector<int> circuit = circuit_table(record), mlps = mlp_list(record),
                         by_position = position_circuit_table(record);
  write_format(root, run_format, versions);
  write_attribute(root, "status", name_of(record.status));
  write_attribute(root, "family", record.family);
  write_attribute(root, "threshold", record.threshold);
  write_shape(root, record);
  write_attribute(root, "kept", static_cast<int>(circuit.size() / 2));
  write_sources(root, record);
  write_texts(root, "hosts", {record.hosts.size()}, record.hosts);
  write_texts(root, "job", {}, {record.job});
  const Group prompts = create_group(root, "prompts");
  write_texts(prompts.get(), "position_names", {record.position_names.size()},
              record.position_names);
  write_prompts(prompts.get(), "clean", record.clean, record.position_names.size());
  write_prompts(prompts.get(), "corrupted", record.corrupted, record.position_names.size());
  const Group full = create_group(root, "full");
  write_attribute(full.get(), "mean", record.full_mean);
  write_numbers(full.get(), "per_prompt", {record.full_per_prompt.size()}, record.full_per_prompt);
  write_rungs(root, record.rungs);
  write_decisions(root, record.decisions, record.full_per_prompt.size());
  write_single_removals(root, record.single_removals);
  write_audit(root, record.audit);
  write_work(root, record.work);
  write_numbers(root, "circuit", {circuit.size() / 2, 2}, circuit);
  write_numbers(root, "circuit_by_position", {by_position.size() / 3, 3}, by_position);
  write_numbers(root, "mlps", {mlps.size()}, mlps);
}

RunRecord read_record(hid_t root) {
  RunRecord record;
  record.status = read_choice(root, "status",
                              {RunStatus::running, RunStatus::stopped, RunStatus::complete,
                               RunStatus::contradicted, RunStatus::spoilt});
  record.family = read_attribute<std::string>(root, "family");
  record.threshold = read_attribute<double>(root, "threshold");
  read_shape(root, record);
  read_sources(root, record);
  record.hosts = read_texts(root, "hosts", {any_extent});
  record.job = read_texts(root, "job", {}).front();
  const Group prompts = open_group(root, "prompts");
  record.position_names = read_texts(prompts.get(), "position_names", {any_extent});
  record.clean = read_prompts(prompts.get(), "clean", record.position_names.size());
  record.corrupted = read_prompts(prompts.get(), "corrupted", record.position_names.size());
  const Group full = open_group(root, "full");
  record.full_mean = read_attribute<double>(full.get(), "mean");
  record.full_per_prompt = read_numbers<double>(full.get(), "per_prompt", {any_extent});
  record.rungs = read_rungs(root);
  record.decisions = read_decisions(root, record.full_per_prompt.size());
  record.single_removals = read_single_removals(root);
  record.audit = read_audit(root);
  record.work = read_work(root);
  return record;
}

/// What the file says twice must agree.
void check_circuit(hid_t root, const RunRecord& record) {
  if (read_numbers<int>(root, "circuit", {any_extent, 2}) != circuit_table(record))
    throw Failure("'circuit' does not follow from 'decisions'");
  if (read_numbers<int>(root, "circuit_by_position", {any_extent, 3}) !=
      position_circuit_table(record))
    throw Failure("'circuit_by_position' does not follow from 'decisions'");
  if (read_numbers<int>(root, "mlps", {any_extent}) != mlp_list(record))
    throw Failure("'mlps' does not follow from 'decisions'");
  if (std::cmp_not_equal(read_attribute<int>(root, "kept"), kept_heads(record).size()))
    throw Failure("'kept' is not the number of heads in the circuit");
}

}  // namespace

void write_run_file(const RunRecord& record, const std::filesystem::path& path) {
  if (const std::string problem = first_problem(record); !problem.empty())
    throw MachineError(fmt::format("{}: not written: {}", path.string(), problem));
  write_file(path, [&](hid_t root) { write_record(root, record); });
}

RunRecord read_run_file(const std::filesystem::path& path, FileOrigin origin) {
  RunRecord record;
  read_file(path, "the run file", origin, [&](hid_t root) {
    demand_format(root, run_format, versions, path);
    record = read_record(root);
    if (const std::string problem = first_problem(record); !problem.empty()) throw Failure(problem);
    check_circuit(root, record);
  });
  return record;
}

}  // namespace headsweep
