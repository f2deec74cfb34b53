#include "io/json_file.h"

#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"
#include "io/saved_link.h"
#include "io/strict_json.h"
#include "io/text_file.h"

namespace headsweep {
namespace {

using nlohmann::json;

/// Short and plain ASCII, whatever the value is: it goes into an error message.
std::string shown(const json& value) {
  constexpr std::size_t most = 60;
  std::string text = value.dump(-1, ' ', true);
  return text.size() > most ? text.substr(0, most) + "..." : text;
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& problem) {
  throw UserError(fmt::format("{}: {}", path.string(), problem));
}

json read_object(const std::filesystem::path& path) {
  constexpr int deepest = 64;
  const std::string what = fmt::format("the model's {}", path.filename().string());
  const std::string text = read_text(path, what);
  refuse_saved_link(path, text);
  json content = parse_strict_json(text, path, what, deepest);
  if (!content.is_object())
    fail(path, fmt::format("a JSON object, {{...}}, is needed here, but it holds {}; "
                           "copy the file again from where it came",
                           shown(content)));
  return content;
}

int token_id(const std::filesystem::path& path, const std::string& piece, const json& value) {
  constexpr int largest = std::numeric_limits<int>::max();
  // A whole number below 2^64 is held as unsigned unless it has a minus sign.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= std::uint64_t{largest})
    return value.get<int>();
  fail(path, fmt::format("{}: the id must be a whole number from 0 to {}, but it is {}",
                         shown(piece), largest, shown(value)));
}

}  // namespace

struct JsonFile::Content {
  std::filesystem::path path;
  json object;

  const json* find(const std::string& key) const {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }

  [[noreturn]] void refuse(const std::string& key, const json& value, const char* wanted) const {
    fail(path, fmt::format("{}: must be {}, but it is {}", key, wanted, shown(value)));
  }
};

JsonFile::JsonFile(const std::filesystem::path& path)
    : content_(std::make_unique<Content>(Content{path, read_object(path)})) {}
JsonFile::~JsonFile() = default;
JsonFile::JsonFile(JsonFile&&) noexcept = default;
JsonFile& JsonFile::operator=(JsonFile&&) noexcept = default;

const std::filesystem::path& JsonFile::path() const { return content_->path; }

std::optional<std::int64_t> JsonFile::integer(const std::string& key) const {
  const json* value = content_->find(key);
  if (!value) return std::nullopt;
  const bool too_large =
      value->is_number_unsigned() &&
      value->get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  if (!value->is_number_integer() || too_large) content_->refuse(key, *value, "a whole number");
  return value->get<std::int64_t>();
}

std::optional<double> JsonFile::number(const std::string& key) const {
  const json* value = content_->find(key);
  if (!value) return std::nullopt;
  if (!value->is_number()) content_->refuse(key, *value, "a number");
  return value->get<double>();
}

std::optional<std::string> JsonFile::text(const std::string& key) const {
  const json* value = content_->find(key);
  if (!value) return std::nullopt;
  if (!value->is_string()) content_->refuse(key, *value, "a text in quotes");
  return value->get<std::string>();
}

std::optional<bool> JsonFile::flag(const std::string& key) const {
  const json* value = content_->find(key);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) content_->refuse(key, *value, "true or false");
  return value->get<bool>();
}

std::unordered_map<std::string, int> read_vocabulary(const std::filesystem::path& path) {
  const json content = read_object(path);
  std::unordered_map<std::string, int> ids;
  std::unordered_map<int, std::string> owners;
  ids.reserve(content.size());
  owners.reserve(content.size());
  for (const auto& [piece, value] : content.items()) {
    const int id = token_id(path, piece, value);
    const auto [owner, is_new] = owners.emplace(id, piece);
    if (!is_new)
      fail(path, fmt::format("{} and {}: both have the id {}; every id must be given once",
                             shown(owner->second), shown(piece), id));
    ids.emplace(piece, id);
  }
  return ids;
}

}  // namespace headsweep
