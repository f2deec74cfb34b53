#include "io/yaml_node.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/wording.h"

namespace headsweep {
namespace {

std::string message(const YamlPlace& place, const std::string& path, const std::string& problem) {
  return fmt::format("{}: {}{}{}", place.text(), path, path.empty() ? "" : ": ", problem);
}

std::string described(const YamlTree& tree) {
  switch (tree.kind) {
    case YamlTree::Kind::empty:
      return "empty";
    case YamlTree::Kind::list:
      return "a list";
    case YamlTree::Kind::mapping:
      return "a mapping";
    case YamlTree::Kind::text:
      break;
  }
  return (tree.quotes == YamlTree::Quotes::with ? "the text " : "") + in_quotes(tree.text);
}

/// The whole text as a number; std::from_chars knows no plus sign.
template <typename Number>
std::errc parse_number(const std::string& text, Number& number) {
  const char* first = text.data() + (text.starts_with('+') && !text.starts_with("+-") ? 1 : 0);
  const char* last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(first, last, number);
  return error == std::errc{} && stop != last ? std::errc::invalid_argument : error;
}

}  // namespace

void YamlNode::fail(const std::string& problem) const {
  throw UserError(message(tree_->place, path_, problem));
}

void YamlNode::refuse(const std::string& wanted) const {
  fail(fmt::format("must be {}, but is {}", wanted, described(*tree_)));
}

const YamlTree& YamlNode::mapping() const {
  if (tree_->kind != YamlTree::Kind::mapping) refuse("a mapping (key: value)");
  return *tree_;
}

void YamlNode::allow_keys(const std::vector<std::string>& keys) const {
  for (const YamlTree& child : mapping().children) {
    if (std::find(keys.begin(), keys.end(), child.key) != keys.end()) continue;
    const auto guess = nearest(child.key, keys);
    const std::string advice = guess ? fmt::format("did you mean '{}'?", *guess)
                                     : fmt::format("allowed: {}", fmt::join(keys, ", "));
    throw UserError(message(child.key_place, join_path(path_, child.key),
                            fmt::format("unknown key ({})", advice)));
  }
}

std::optional<YamlNode> YamlNode::find(const std::string& key) const {
  for (const YamlTree& child : mapping().children)
    if (child.key == key) return YamlNode(child, join_path(path_, key));
  return std::nullopt;
}

YamlNode YamlNode::at(const std::string& key) const {
  if (auto node = find(key)) return *std::move(node);
  throw UserError(message(tree_->place, join_path(path_, key), "is missing; add it"));
}

std::vector<YamlNode> YamlNode::entries() const {
  std::vector<YamlNode> nodes;
  for (const YamlTree& child : mapping().children)
    nodes.emplace_back(child, join_path(path_, child.key));
  return nodes;
}

std::vector<YamlNode> YamlNode::items() const {
  if (!is_list()) refuse("a list");
  std::vector<YamlNode> nodes;
  for (const YamlTree& child : tree_->children)
    nodes.emplace_back(child, join_path(path_, std::to_string(nodes.size())));
  return nodes;
}

std::string YamlNode::text() const {
  if (tree_->kind != YamlTree::Kind::text) refuse("a text");
  if (tree_->text.empty()) fail("must not be empty");
  return tree_->text;
}

std::optional<std::string> YamlNode::unquoted() const {
  if (tree_->kind != YamlTree::Kind::text || tree_->quotes == YamlTree::Quotes::with)
    return std::nullopt;
  return tree_->text;
}

int YamlNode::integer(int lowest, int highest) const {
  return integer(lowest, highest, "a whole number");
}

std::optional<int> YamlNode::integer_or(const std::string& word, int lowest, int highest) const {
  if (tree_->kind == YamlTree::Kind::text && tree_->text == word) return std::nullopt;
  return integer(lowest, highest, "a whole number or " + word);
}

int YamlNode::integer(int lowest, int highest, const std::string& wanted) const {
  const auto written = unquoted();
  long long value = 0;
  const std::errc error = written ? parse_number(*written, value) : std::errc::invalid_argument;
  if (error == std::errc::invalid_argument) refuse(wanted);
  if (error != std::errc{} || value < lowest || value > highest)
    refuse(fmt::format("from {} to {}", lowest, highest));
  return static_cast<int>(value);
}

double YamlNode::number() const {
  const auto written = unquoted();
  double value = 0;
  const std::errc error = written ? parse_number(*written, value) : std::errc::invalid_argument;
  if (error == std::errc::invalid_argument) refuse("a number");
  if (error != std::errc{} || !std::isfinite(value)) refuse("a finite number");
  return value;
}

bool YamlNode::flag() const {
  const auto written = unquoted();
  if (written != "true" && written != "false") refuse("true or false");
  return written == "true";
}

std::size_t YamlNode::choice(const std::vector<std::string>& names) const {
  const std::string list = fmt::format("{}", fmt::join(names, ", "));
  if (tree_->kind != YamlTree::Kind::text) refuse("one of: " + list);
  const auto found = std::find(names.begin(), names.end(), tree_->text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto guess = nearest(tree_->text, names);
  fail(fmt::format("{} is not one of: {}{}", in_quotes(tree_->text), list,
                   guess ? fmt::format(" (did you mean '{}'?)", *guess) : ""));
}

}  // namespace headsweep
