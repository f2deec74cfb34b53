#include "io/tokenizer_file.h"

#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"
#include "io/saved_link.h"
#include "io/strict_json.h"
#include "io/text_file.h"

namespace headsweep {
namespace {

using Json = nlohmann::json;

constexpr int most_tokens = 1 << 24;

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {
    constexpr int deepest = 64;
    const std::string text = read_text(path, "the model's tokenizer.json");
    refuse_saved_link(path, text);
    content_ = parse_strict_json(text, path, "the model's tokenizer.json", deepest);
  }

  TokenizerFile read() const {
    const Json& model = object(content_, "model");
    check_model(model);
    check_pre_tokenizer(object(content_, "pre_tokenizer"));
    TokenizerFile file;
    file.composes = composes();
    for (const auto& [piece, value] : object(model, "vocab").items())
      file.vocabulary.emplace(piece, id("model.vocab", value));
    for (const Json& merge : list(model, "merges")) file.merges.push_back(pair(merge));
    if (find(content_, "added_tokens") == nullptr) return file;
    for (const Json& token : list(content_, "added_tokens"))
      (flag(token, "normalized") ? file.others : file.special).push_back(added_token(token));
    return file;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw UserError(
        fmt::format("{}: {}; copy the file again from where the model came, or use a "
                    "model with GPT-2's or GPT-NeoX's tokenizer",
                    path_.string(), problem));
  }
  [[noreturn]] void refuse(const std::string& key, const Json& value, const char* wanted) const {
    fail(fmt::format("{}: {} is not supported, only {}", key, shown(value), wanted));
  }

  /// nullptr: absent or null.
  static const Json* find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  const Json& object(const Json& parent, const char* key) const {
    const Json* found = find(parent, key);
    if (found == nullptr || !found->is_object())
      fail(fmt::format("{}: a JSON object, {{...}}, is needed there", key));
    return *found;
  }
  const Json& list(const Json& parent, const char* key) const {
    const Json* found = find(parent, key);
    if (found == nullptr || !found->is_array())
      fail(fmt::format("{}: a JSON list, [...], is needed there", key));
    return *found;
  }
  static bool is_empty_text(const Json& value) {
    return value.is_string() && value.get_ref<const std::string&>().empty();
  }
  bool flag(const Json& object, const char* key) const {
    const Json* found = find(object, key);
    if (found != nullptr && !found->is_boolean()) refuse(key, *found, "true and false");
    return found != nullptr && found->get<bool>();
  }
  int id(const char* key, const Json& value) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= std::uint64_t{most_tokens})
      refuse(key, value, "whole numbers from 0 on as ids");
    return value.get<int>();
  }

  /// "a b", or ["a", "b"].
  std::pair<std::string, std::string> pair(const Json& merge) const {
    if (merge.is_string()) {
      const auto& text = merge.get_ref<const std::string&>();
      const std::size_t space = text.find(' ');
      if (space != text.npos) return {text.substr(0, space), text.substr(space + 1)};
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      return {merge[0].get<std::string>(), merge[1].get<std::string>()};
    }
    refuse("model.merges", merge, "two symbols with a space between them, or a list of two");
  }

  AddedToken added_token(const Json& token) const {
    const Json *number = find(token, "id"), *text = find(token, "content");
    if (number == nullptr || text == nullptr || !text->is_string() ||
        text->get_ref<const std::string&>().empty())
      refuse("added_tokens", token, "tokens with an id and a content");
    for (const char* key : {"single_word", "lstrip", "rstrip"})
      if (flag(token, key))
        refuse("added_tokens", token, "tokens without single_word, lstrip, rstrip");
    return {id("added_tokens", *number), text->get<std::string>()};
  }

  void check_model(const Json& model) const {
    if (const Json* type = find(model, "type"); type != nullptr && *type != "BPE")
      refuse("model.type", *type, "\"BPE\"");
    for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"})
      if (const Json* value = find(model, key); value != nullptr && !is_empty_text(*value))
        refuse(fmt::format("model.{}", key), *value, "null");
    for (const char* key : {"byte_fallback", "ignore_merges"})
      if (flag(model, key)) refuse(fmt::format("model.{}", key), model[key], "false");
  }

  void check_pre_tokenizer(const Json& pre_tokenizer) const {
    const Json* type = find(pre_tokenizer, "type");
    const Json* regex = find(pre_tokenizer, "use_regex");
    if (type == nullptr || *type != "ByteLevel" || flag(pre_tokenizer, "add_prefix_space") ||
        (regex != nullptr && *regex != true))
      refuse("pre_tokenizer", pre_tokenizer,
             "ByteLevel with GPT-2's pattern and without add_prefix_space");
  }

  bool composes() const {
    const Json* normalizer = find(content_, "normalizer");
    if (normalizer == nullptr) return false;
    const Json* type = find(*normalizer, "type");
    if (type == nullptr || *type != "NFC") refuse("normalizer", *normalizer, "NFC, or none");
    return true;
  }

  std::filesystem::path path_;
  Json content_;
};

}  // namespace

TokenizerFile read_tokenizer_file(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace headsweep
