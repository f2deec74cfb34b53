#include "io/json_file.h"

#include <limits>
#include <unordered_set>
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

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& problem) {
  throw UserError(fmt::format("{}: {}", path.string(), problem));
}

std::string what_is(const std::filesystem::path& path) {
  return fmt::format("the model's {}", path.filename().string());
}

std::string read_text_of_model(const std::filesystem::path& path) {
  std::string text = read_text(path, what_is(path));
  refuse_saved_link(path, text);
  return text;
}

json parse_object(const std::filesystem::path& path, std::string_view text) {
  constexpr int deepest = 64;
  json content = parse_strict_json(text, path, what_is(path), deepest);
  if (!content.is_object())
    fail(path, fmt::format("a JSON object, {{...}}, is needed here, but it holds {}; "
                           "copy the file again from where it came",
                           shown(content)));
  return content;
}

constexpr int largest_token_id = std::numeric_limits<int>::max();

int token_id(const std::filesystem::path& path, const std::string& piece, const json& value) {
  // A whole number below 2^64 is held as unsigned unless it has a minus sign.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= std::uint64_t{largest_token_id})
    return value.get<int>();
  fail(path, fmt::format("{}: the id must be a whole number from 0 to {}, but it is {}",
                         shown(piece), largest_token_id, shown(value)));
}

/// Takes the pieces and ids of a vocabulary as the parser comes by them: several times as quick as
/// to make a tree of them first. Stops at whatever a good vocabulary has not got.
class PieceCollector final : public nlohmann::json_sax<json> {
 public:
  std::unordered_map<std::string, int> ids;

  bool start_object(std::size_t /*elements*/) override { return depth_++ == 0; }
  bool end_object() override { return true; }
  bool key(string_t& piece) override {
    piece_ = std::move(piece);
    return true;
  }
  bool number_unsigned(number_unsigned_t id) override {
    return depth_ == 1 && id <= std::uint64_t{largest_token_id} && used_.insert(id).second &&
           ids.emplace(std::move(piece_), static_cast<int>(id)).second;
  }

  bool null() override { return false; }
  bool boolean(bool /*value*/) override { return false; }
  bool number_integer(number_integer_t /*value*/) override { return false; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return false; }
  bool string(string_t& /*value*/) override { return false; }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_array(std::size_t /*elements*/) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  std::string piece_;
  std::unordered_set<number_unsigned_t> used_;
  int depth_ = 0;
};

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
    : content_(
          std::make_unique<Content>(Content{path, parse_object(path, read_text_of_model(path))})) {}
JsonFile::~JsonFile() = default;
JsonFile::JsonFile(JsonFile&&) noexcept = default;
JsonFile& JsonFile::operator=(JsonFile&&) noexcept = default;

const std::filesystem::path& JsonFile::path() const { return content_->path; }

bool JsonFile::has(const std::string& key) const { return content_->find(key) != nullptr; }

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
  const std::string text = read_text_of_model(path);
  if (PieceCollector pieces; json::sax_parse(text, &pieces)) return std::move(pieces.ids);
  // Something is wrong with it: what, is seen in the tree.
  const json content = parse_object(path, text);
  std::unordered_map<std::string, int> ids;
  std::unordered_map<int, const std::string*> owners;
  ids.reserve(content.size());
  owners.reserve(content.size());
  for (const auto& [piece, value] : content.get_ref<const json::object_t&>()) {
    const int id = token_id(path, piece, value);
    const auto [owner, is_new] = owners.emplace(id, &piece);
    if (!is_new)
      fail(path, fmt::format("{} and {}: both have the id {}; every id must be given once",
                             shown(*owner->second), shown(piece), id));
    ids.emplace(piece, id);
  }
  return ids;
}

}  // namespace headsweep
