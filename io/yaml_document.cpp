#include "io/yaml_document.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/text_file.h"
#include "io/wording.h"
#include "io/yaml_text.h"

namespace headsweep {
namespace {

constexpr std::size_t longest_key_path = 16;

YamlTree read_tree(const std::filesystem::path& path, const std::string& what,
                   std::size_t most_bytes) {
  const std::string text = read_text(path, what, most_bytes);
  check_encoding(text, path.string());
  const auto source =
      std::make_shared<YamlSource>(YamlSource{YamlSource::Kind::file, path.string()});
  YamlTree tree = parse_yaml(path.extension() == ".json" ? json_as_yaml(text) : text, source);
  if (tree.kind == YamlTree::Kind::empty)
    throw UserError(fmt::format("{}: {} is empty", path.string(), what));
  return tree;
}

std::vector<std::string> split_keys(std::string_view path, const YamlPlace& place) {
  std::vector<std::string> keys;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    keys.emplace_back(path.substr(begin, end - begin));
    if (keys.back().empty())
      throw UserError(place.text() +
                      ": has an empty key; write key.path=value, such as search.threshold=5");
    begin = end + 1;
  }
  if (keys.size() > longest_key_path) throw UserError(place.text() + ": has too many keys");
  return keys;
}

YamlTree& element(YamlTree& list, const std::string& path, const std::string& key,
                  const YamlPlace& place) {
  std::size_t index = 0;
  const auto [stop, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool is_number = error == std::errc{} && stop == key.data() + key.size();
  if (is_number && index < list.children.size()) return list.children[index];
  throw UserError(fmt::format("{}: {}: has no element {} (it is a list of {}, counted from 0)",
                              place.text(), path, in_quotes(key), list.children.size()));
}

YamlTree& entry(YamlTree& mapping, const std::string& key, const YamlPlace& place) {
  for (YamlTree& child : mapping.children)
    if (child.key == key) return child;
  YamlTree child;
  child.key = key;
  child.place = child.key_place = place;
  return mapping.children.emplace_back(std::move(child));
}

YamlTree& child_of(YamlTree& tree, const std::string& path, const std::string& key,
                   const YamlPlace& place) {
  if (tree.kind == YamlTree::Kind::list) return element(tree, path, key, place);
  if (tree.kind == YamlTree::Kind::text)
    throw UserError(fmt::format("{}: {}: holds the single value {}, so it has no key '{}'",
                                place.text(), path, in_quotes(tree.text), key));
  if (tree.kind == YamlTree::Kind::empty) {
    tree.kind = YamlTree::Kind::mapping;
    tree.place = place;
  }
  return entry(tree, key, place);
}

}  // namespace

YamlDocument::YamlDocument(const std::filesystem::path& path, const std::string& what,
                           std::size_t most_bytes)
    : tree_(read_tree(path, what, most_bytes)) {}

void YamlDocument::set(const std::string& assignment) {
  const auto source = std::make_shared<YamlSource>(
      YamlSource{YamlSource::Kind::command_line, "--set " + assignment});
  const YamlPlace place{.source = source, .line = 1};
  check_encoding(assignment, "--set");
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos)
    throw UserError(place.text() +
                    ": has no value; write key.path=value, such as search.threshold=5");

  YamlTree* target = &tree_;
  std::string path;
  for (const std::string& key : split_keys(assignment.substr(0, equals), place)) {
    target = &child_of(*target, path, key, place);
    path = join_path(path, key);
  }
  YamlTree value = parse_yaml(assignment.substr(equals + 1), source);
  value.key = std::move(target->key);
  value.key_place = std::move(target->key_place);
  *target = std::move(value);
}

}  // namespace headsweep
