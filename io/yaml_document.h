// A whole YAML or JSON file, with what the command line changes in it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "io/yaml_node.h"
#include "io/yaml_tree.h"

namespace headsweep {

class YamlDocument {
 public:
  /// UserError (file, line) if it cannot be read, is empty, or is no YAML (JSON, for a file named
  /// *.json).
  YamlDocument(const std::filesystem::path& path, const std::string& what, std::size_t most_bytes);

  /// "search.threshold=5": sets what the key path names to the value, parsed as YAML; a number
  /// names an element of a list ("families.0.name=x"). Mappings on the way are made where they are
  /// missing. UserError if it is malformed.
  void set(const std::string& assignment);

  YamlNode root() const { return {tree_, ""}; }

 private:
  YamlTree tree_;
};

}  // namespace headsweep
