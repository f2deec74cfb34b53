// Values of kinds that several sections of a job file have.
#pragma once

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "io/job_choices.h"
#include "io/yaml_node.h"

namespace headsweep {

/// Paths in the job file are relative to its folder, those on the command line to the current one.
inline std::filesystem::path resolve(const YamlNode& node, const std::filesystem::path& folder) {
  const std::filesystem::path path = node.text();
  return node.source() == YamlSource::Kind::file ? folder / path : path;
}

/// One of the enumeration's Choices, by the name that name_of() gives it.
template <typename Enum>
Enum read_choice(const YamlNode& node) {
  std::vector<std::string> names;
  for (const Enum each : Choices<Enum>::all) names.emplace_back(name_of(each));
  return Choices<Enum>::all[node.choice(names)];
}

/// `value` stays as it is without the key.
template <typename Enum>
void read_choice(const YamlNode& section, const std::string& key, Enum& value) {
  if (const auto node = section.find(key)) value = read_choice<Enum>(*node);
}

/// What `read` makes of the one value, or of each in a list of different ones. `what` is asked for
/// where the list is empty: "a threshold (percent)".
template <class Read>
auto read_one_or_several(const YamlNode& node, const char* what, Read read)
    -> std::vector<decltype(read(node))> {
  if (!node.is_list()) return {read(node)};
  constexpr std::size_t most = 10'000;
  if (node.items().size() > most) node.fail(fmt::format("lists more than {} values", most));
  std::vector<decltype(read(node))> values;
  for (const YamlNode& item : node.items()) {
    auto value = read(item);
    if (std::ranges::find(values, value) != values.end())
      item.fail(fmt::format("{} is in the list already; remove it", item.text()));
    values.push_back(std::move(value));
  }
  if (values.empty()) node.fail(fmt::format("is an empty list; name {}", what));
  return values;
}

/// Some of `values`: one, or a list of them.
template <typename Enum>
void read_choices(const YamlNode& section, const std::string& key, const std::vector<Enum>& values,
                  std::vector<Enum>& chosen) {
  const auto found = section.find(key);
  if (!found) return;
  std::vector<std::string> names;
  for (const Enum each : values) names.emplace_back(name_of(each));
  chosen = read_one_or_several(*found, ("one or several of: " + names.front() + ", ...").c_str(),
                               [&](const YamlNode& node) { return values[node.choice(names)]; });
}

/// Some of all that there are.
template <typename Enum>
void read_choices(const YamlNode& section, const std::string& key, std::vector<Enum>& chosen) {
  read_choices(section, key,
               std::vector<Enum>(std::begin(Choices<Enum>::all), std::end(Choices<Enum>::all)),
               chosen);
}

inline int read_seed(const YamlNode& node) {
  return node.integer(0, std::numeric_limits<int>::max());
}

/// Which of a mapping's values to name when they are wrong together: what the command line changed.
inline YamlNode to_blame(const YamlNode& mapping) {
  for (const YamlNode& entry : mapping.entries())
    if (entry.source() == YamlSource::Kind::command_line) return entry;
  return mapping;
}

}  // namespace headsweep
