#include "io/hdf5_analyses.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "io/hdf5_attributes.h"
#include "io/hdf5_datasets.h"

namespace headsweep::hdf5 {
namespace {

using Choice = CompletenessRecord::Choice;

/// A row of the list for each: (layer, head, position).
void write_components(hid_t parent, const char* name, const std::vector<RunComponent>& components) {
  std::vector<int> table;
  for (const auto& [layer, head, position] : components)
    table.insert(table.end(), {layer, head, position});
  write_numbers(parent, name, {components.size(), 3}, table);
}

std::vector<RunComponent> read_components(hid_t parent, const char* name) {
  const std::vector<int> table = read_numbers<int>(parent, name, {any_extent, 3});
  std::vector<RunComponent> components;
  for (std::size_t i = 0; i < table.size(); i += 3)
    components.push_back({table[i], table[i + 1], table[i + 2]});
  return components;
}

template <class Record, class T>
void write_column(hid_t group, const char* name, const std::vector<Record>& records,
                  T Record::*member) {
  std::vector<T> values;
  for (const Record& each : records) values.push_back(each.*member);
  write_numbers(group, name, {values.size()}, values);
}

template <class Record, class T>
void read_column(hid_t group, const char* name, std::vector<Record>& records, T Record::*member) {
  const auto values = read_numbers<T>(group, name, {records.size()});
  for (std::size_t i = 0; i < values.size(); ++i) records[i].*member = values[i];
}

/// The components of the circuit that subsets are made of, in order.
std::vector<RunComponent> members_of(const AnalysisRecord& record) {
  std::set<RunComponent> members;
  for (const auto& each : record.completeness)
    members.insert(each.removed.begin(), each.removed.end());
  for (const auto& each : record.minimality) {
    members.insert(each.component);
    members.insert(each.removed.begin(), each.removed.end());
  }
  return {members.begin(), members.end()};
}

/// A row for each subset, which says of each member whether it is in it.
template <class Record>
void write_subsets(hid_t group, const std::vector<Record>& records,
                   const std::vector<RunComponent>& members) {
  std::vector<bool> mask;
  for (const Record& each : records) {
    const std::set<RunComponent> removed(each.removed.begin(), each.removed.end());
    for (const RunComponent member : members) mask.push_back(removed.contains(member));
  }
  write_truths(group, "removed", {records.size(), members.size()}, mask);
}

template <class Record>
void read_subsets(hid_t group, std::vector<Record>& records,
                  const std::vector<RunComponent>& members) {
  const auto mask = read_truths(group, "removed", {records.size(), members.size()});
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i]) records[i / members.size()].removed.push_back(members[i % members.size()]);
}

void write_knockouts(hid_t root, const std::vector<KnockoutRecord>& knockouts) {
  const Group group = create_group(root, "knockouts");
  write_components(group.get(), "component", subjects_of(knockouts));
  write_column(group.get(), "without", knockouts, &KnockoutRecord::without);
  write_column(group.get(), "alone", knockouts, &KnockoutRecord::alone);
}

std::vector<KnockoutRecord> read_knockouts(hid_t root) {
  const Group group = open_group(root, "knockouts");
  std::vector<KnockoutRecord> knockouts;
  for (const RunComponent each : read_components(group.get(), "component"))
    knockouts.push_back({each, 0, 0});
  read_column(group.get(), "without", knockouts, &KnockoutRecord::without);
  read_column(group.get(), "alone", knockouts, &KnockoutRecord::alone);
  return knockouts;
}

void write_completeness(hid_t root, const std::vector<CompletenessRecord>& completeness,
                        const std::vector<RunComponent>& members) {
  const Group group = create_group(root, "completeness");
  std::vector<std::string> choices;
  for (const CompletenessRecord& each : completeness) choices.emplace_back(name_of(each.choice));
  write_texts(group.get(), "choice", {choices.size()}, choices);
  write_subsets(group.get(), completeness, members);
  write_column(group.get(), "circuit", completeness, &CompletenessRecord::circuit);
  write_column(group.get(), "model", completeness, &CompletenessRecord::model);
}

Choice choice_named(const std::string& name) {
  for (const Choice choice : {Choice::whole, Choice::random, Choice::greedy})
    if (name == name_of(choice)) return choice;
  throw Failure(fmt::format("the choice '{}' does not exist", name));
}

std::vector<CompletenessRecord> read_completeness(hid_t root,
                                                  const std::vector<RunComponent>& members) {
  const Group group = open_group(root, "completeness");
  std::vector<CompletenessRecord> completeness;
  for (const std::string& name : read_texts(group.get(), "choice", {any_extent}))
    completeness.push_back({choice_named(name), {}, 0, 0});
  read_subsets(group.get(), completeness, members);
  read_column(group.get(), "circuit", completeness, &CompletenessRecord::circuit);
  read_column(group.get(), "model", completeness, &CompletenessRecord::model);
  return completeness;
}

void write_minimality(hid_t root, const std::vector<MinimalityRecord>& minimality,
                      const std::vector<RunComponent>& members) {
  const Group group = create_group(root, "minimality");
  write_components(group.get(), "component", subjects_of(minimality));
  write_subsets(group.get(), minimality, members);
  write_column(group.get(), "with", minimality, &MinimalityRecord::with);
  write_column(group.get(), "without", minimality, &MinimalityRecord::without);
}

std::vector<MinimalityRecord> read_minimality(hid_t root,
                                              const std::vector<RunComponent>& members) {
  const Group group = open_group(root, "minimality");
  std::vector<MinimalityRecord> minimality;
  for (const RunComponent each : read_components(group.get(), "component"))
    minimality.push_back({each, {}, 0, 0});
  read_subsets(group.get(), minimality, members);
  read_column(group.get(), "with", minimality, &MinimalityRecord::with);
  read_column(group.get(), "without", minimality, &MinimalityRecord::without);
  return minimality;
}

void write_sizes(hid_t root, const std::vector<SizeRecord>& sizes) {
  const Group group = create_group(root, "sizes");
  write_column(group.get(), "fraction", sizes, &SizeRecord::fraction);
  write_column(group.get(), "kept", sizes, &SizeRecord::kept);
  write_column(group.get(), "mean", sizes, &SizeRecord::mean);
}

std::vector<SizeRecord> read_sizes(hid_t root) {
  const Group group = open_group(root, "sizes");
  std::vector<SizeRecord> sizes;
  for (const double fraction : read_numbers<double>(group.get(), "fraction", {any_extent}))
    sizes.push_back({fraction, 0, 0});
  read_column(group.get(), "kept", sizes, &SizeRecord::kept);
  read_column(group.get(), "mean", sizes, &SizeRecord::mean);
  return sizes;
}

}  // namespace

void write_analyses(hid_t root, const AnalysisRecord& record) {
  const std::vector<RunComponent> members = members_of(record);
  write_components(root, "members", members);
  write_knockouts(root, record.knockouts);
  write_completeness(root, record.completeness, members);
  write_minimality(root, record.minimality, members);
  write_sizes(root, record.sizes);
}

void read_analyses(hid_t root, AnalysisRecord& record) {
  const std::vector<RunComponent> members = read_components(root, "members");
  record.knockouts = read_knockouts(root);
  record.completeness = read_completeness(root, members);
  record.minimality = read_minimality(root, members);
  record.sizes = read_sizes(root);
  if (members != members_of(record)) throw Failure("'members' does not follow from the subsets");
}

}  // namespace headsweep::hdf5
