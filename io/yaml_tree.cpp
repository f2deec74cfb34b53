#include "io/yaml_tree.h"

#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "io/errors.h"
#include "io/wording.h"

namespace headsweep {
namespace {

constexpr std::size_t deepest_nesting = 64;
constexpr std::size_t most_values = 4'000'000;

/// Makes the parser's events into a tree. Throws from inside the parser, before that has recursed
/// any deeper.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::shared_ptr<const YamlSource> source) : source_(std::move(source)) {}

  YamlTree take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      fail(mark,
           "more follows after the end of the document (a bracket too many, a wrong indentation, "
           "or a second document after '---') keep one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(value(mark, YamlTree::Kind::empty));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not supported; write the value out");
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    fail(mark, "anchors (&name) are not supported; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    check_tag(mark, tag);
    if (text.find('\0') != std::string::npos) fail(mark, "holds a NUL character; remove it");
    YamlTree scalar = value(mark, YamlTree::Kind::text);
    scalar.quotes = tag == "!" ? YamlTree::Quotes::with : YamlTree::Quotes::without;
    scalar.text = text;
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, YamlTree::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, YamlTree::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string name;
    YamlPlace place;
  };
  struct Collection {
    YamlTree tree;
    std::optional<Key> key;                     // read, its value is still to come
    std::unordered_map<std::string, int> keys;  // of a mapping, with their lines
  };

  YamlPlace place(const YAML::Mark& mark) const {
    return {.source = source_, .line = mark.is_null() ? 1 : mark.line + 1};
  }

  YamlTree value(const YAML::Mark& mark, YamlTree::Kind kind) {
    if (++values_ > most_values)
      fail(mark, fmt::format("holds more than {} values; split the file", most_values));
    YamlTree tree;
    tree.kind = kind;
    tree.place = place(mark);
    return tree;
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().tree.kind == YamlTree::Kind::mapping && !open_.back().key;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YamlTree::Kind kind) {
    check_tag(mark, tag);
    if (expects_key())
      fail(mark, "a list or mapping stands where a key is expected (is a bracket not closed?)");
    if (open_.size() >= deepest_nesting)
      fail(mark, fmt::format("is nested more than {} levels deep", deepest_nesting));
    open_.push_back({value(mark, kind), std::nullopt, {}});
  }

  void close() {
    YamlTree tree = std::move(open_.back().tree);
    open_.pop_back();
    add(std::move(tree));
  }

  void add(YamlTree tree) {
    if (open_.empty()) {
      root_ = std::move(tree);
    } else if (expects_key()) {
      set_key(std::move(tree));
    } else {
      Collection& parent = open_.back();
      if (parent.key) {
        // The parser places a missing value at what comes next, often on a later line.
        if (tree.kind == YamlTree::Kind::empty) tree.place = parent.key->place;
        tree.key = std::move(parent.key->name);
        tree.key_place = std::move(parent.key->place);
        parent.key.reset();
      }
      parent.tree.children.push_back(std::move(tree));
    }
  }

  void set_key(YamlTree tree) {
    const std::string at = tree.place.text() + ": ";
    if (tree.text.empty()) throw UserError(at + prefix() + "has an empty key; name it");
    const auto [first, is_new] = open_.back().keys.try_emplace(tree.text, tree.place.line);
    if (!is_new)
      throw UserError(fmt::format("{}{}: appears twice (first on line {}) remove one of the two",
                                  at, join_path(path(), tree.text), first->second));
    open_.back().key = Key{std::move(tree.text), std::move(tree.place)};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    fail(mark, fmt::format("tags ({}) are not supported; leave it out", in_quotes(tag)));
  }

  std::string path() const {
    std::string path;
    for (const Collection& collection : open_) {
      if (collection.tree.kind == YamlTree::Kind::list)
        path = join_path(path, std::to_string(collection.tree.children.size()));
      else if (collection.key)
        path = join_path(path, collection.key->name);
    }
    return path;
  }

  std::string prefix() const { return path().empty() ? "" : path() + ": "; }

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& problem) const {
    // A path of many levels would bury the problem.
    const std::string at = open_.size() < deepest_nesting ? prefix() : "";
    throw UserError(fmt::format("{}: {}{}", place(mark).text(), at, problem));
  }

  std::shared_ptr<const YamlSource> source_;
  YamlTree root_;
  std::vector<Collection> open_;
  int documents_ = 0;
  std::size_t values_ = 0;
};

std::string syntax_error(const YAML::Exception& error, const YamlSource& source,
                         const std::string& text) {
  if (source.kind == YamlSource::Kind::command_line)
    return fmt::format("{}: the value is not valid YAML: {}", source.name, error.msg);
  const char* form = source.name.ends_with(".json") ? "JSON" : "YAML";
  // The parser's own message for this common mistake is "illegal map value".
  const char* hint = text.find("\n\t") == std::string::npos ? "" : " (tabs cannot indent YAML)";
  const std::string place =
      error.mark.is_null() ? "" : fmt::format(":{}:{}", error.mark.line + 1, error.mark.column + 1);
  return fmt::format("{}{}: is not valid {}: {}{}", source.name, place, form, error.msg, hint);
}

}  // namespace

std::string YamlPlace::text() const {
  if (source->kind == YamlSource::Kind::command_line) return source->name;
  return fmt::format("{}:{}", source->name, line);
}

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

YamlTree parse_yaml(const std::string& text, const std::shared_ptr<const YamlSource>& source) {
  TreeBuilder builder(source);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw UserError(syntax_error(error, *source, text));
  }
  YamlTree root = builder.take_root();
  if (!root.place.source) root.place = {.source = source, .line = 1};
  return root;
}

}  // namespace headsweep
