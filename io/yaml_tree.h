// What a YAML text holds, as plain values that know where they stand. The YAML library's headers
// stay in yaml_tree.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace headsweep {

/// What the values were read from. Paths in a file are relative to its folder, those on the command
/// line are not.
struct YamlSource {
  enum class Kind { file, command_line } kind = Kind::file;
  std::string name;  // "jobs/a.yaml" as the user gave it, or "--set search.threshold=5"
};

struct YamlPlace {
  std::shared_ptr<const YamlSource> source;
  int line = 1;

  std::string text() const;  // "jobs/a.yaml:7" or "--set search.threshold=5"
};

struct YamlTree {
  enum class Kind { empty, text, list, mapping } kind = Kind::empty;
  enum class Quotes { without, with } quotes = Quotes::without;  // of a text
  YamlPlace place;
  std::string text;
  std::string key;      // under which it stands in a mapping
  YamlPlace key_place;  // likewise
  std::vector<YamlTree> children;
};

/// "families" and "0" to "families.0".
std::string join_path(const std::string& path, const std::string& key);

/// The one document in the text; a tree of kind `empty` if there is none. UserError (source, line)
/// for text that is no YAML, several documents, a key twice in a mapping, keys that are no words,
/// anchors, aliases and tags, and for what is nested or numerous beyond sense.
YamlTree parse_yaml(const std::string& text, const std::shared_ptr<const YamlSource>& source);

}  // namespace headsweep
