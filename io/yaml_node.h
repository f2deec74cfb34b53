// A value in a YAML or JSON file, read with checks: every error names file, line and key path, and
// says what to do.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/yaml_tree.h"

namespace headsweep {

/// A view: valid as long as the tree. The getters throw UserError where the value is not what is
/// asked for.
class YamlNode {
 public:
  YamlNode(const YamlTree& tree, std::string path) : tree_(&tree), path_(std::move(path)) {}

  std::string where() const { return tree_->place.text(); }  // "jobs/a.yaml:7"
  const std::string& key() const { return tree_->key; }
  YamlSource::Kind source() const { return tree_->place.source->kind; }
  bool is_empty() const { return tree_->kind == YamlTree::Kind::empty; }
  bool is_list() const { return tree_->kind == YamlTree::Kind::list; }
  bool is_mapping() const { return tree_->kind == YamlTree::Kind::mapping; }

  /// Throws UserError: "jobs/a.yaml:7: search.threshold: " and the problem.
  [[noreturn]] void fail(const std::string& problem) const;

  /// Refuses all but a mapping with no other keys than these.
  void allow_keys(const std::vector<std::string>& keys) const;
  std::optional<YamlNode> find(const std::string& key) const;
  YamlNode at(const std::string& key) const;  // an error if it is missing
  std::vector<YamlNode> entries() const;      // of a mapping, in the file's order
  std::vector<YamlNode> items() const;        // of a list

  std::string text() const;  // as written, not empty
  int integer(int lowest, int highest) const;
  /// nullopt where the word stands in place of a number.
  std::optional<int> integer_or(const std::string& word, int lowest, int highest) const;
  double number() const;                                            // finite
  bool flag() const;                                                // true or false
  std::size_t choice(const std::vector<std::string>& names) const;  // which of the names it is

 private:
  [[noreturn]] void refuse(const std::string& wanted) const;
  int integer(int lowest, int highest, const std::string& wanted) const;
  const YamlTree& mapping() const;
  std::optional<std::string> unquoted() const;

  const YamlTree* tree_;
  std::string path_;  // "families.0.name"
};

}  // namespace headsweep
