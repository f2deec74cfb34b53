// Values of kinds that several sections of a job file have.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "io/yaml_node.h"

namespace headsweep {

/// Paths in the job file are relative to its folder, those on the command line to the current one.
inline std::filesystem::path resolve(const YamlNode& node, const std::filesystem::path& folder) {
  const std::filesystem::path path = node.text();
  return node.source() == YamlSource::Kind::file ? folder / path : path;
}

/// One of `values`, by the name that name_of() gives it; `value` stays as it is without the key.
template <typename Enum>
void read_choice(const YamlNode& section, const std::string& key,
                 std::initializer_list<Enum> values, Enum& value) {
  const auto node = section.find(key);
  if (!node) return;
  std::vector<std::string> names;
  for (const Enum each : values) names.emplace_back(name_of(each));
  value = values.begin()[node->choice(names)];
}

/// Which of a mapping's values to name when they are wrong together: what the command line changed.
inline YamlNode to_blame(const YamlNode& mapping) {
  for (const YamlNode& entry : mapping.entries())
    if (entry.source() == YamlSource::Kind::command_line) return entry;
  return mapping;
}

}  // namespace headsweep
