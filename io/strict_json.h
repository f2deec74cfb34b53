// JSON that is not trusted: well-formed, not nested deeply, not of endless parts, and no name twice
// in an object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"

namespace headsweep {

/// Looks at JSON as the parser comes by it, before a tree is made of it. The library can call back
/// while it makes the tree, too, but then takes time that is quadratic in the entries of an object.
class StrictJsonCheck final : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// `place` is how messages begin: "PATH: WHAT".
  StrictJsonCheck(std::string place, int deepest) : place_(std::move(place)), deepest_(deepest) {}

  bool start_object(std::size_t /*elements*/) override {
    names_.emplace_back();
    return open();
  }
  bool end_object() override {
    names_.pop_back();
    return close();
  }
  bool start_array(std::size_t /*elements*/) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    throw UserError(fmt::format("{} has the name '{}' twice", place_, name));
  }

  bool null() override { return count(); }
  bool boolean(bool /*value*/) override { return count(); }
  bool number_integer(number_integer_t /*value*/) override { return count(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return count(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return count(); }
  bool string(string_t& /*value*/) override { return count(); }
  bool binary(binary_t& /*value*/) override { return count(); }
  /// Whoever makes the tree says what is wrong.
  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool open() {
    if (++depth_ > deepest_) throw UserError(place_ + " is nested too deeply");
    return count();
  }
  bool close() {
    --depth_;
    return true;
  }
  bool count() {
    // A value takes many times the memory that it takes in the file.
    constexpr int most_values = 1'000'000;
    if (++values_ > most_values)
      throw UserError(fmt::format("{} holds more than {} values", place_, most_values));
    return true;
  }

  std::string place_;
  int deepest_ = 0, depth_ = 0, values_ = 0;
  std::vector<std::unordered_set<std::string>> names_;  // of the objects that are open
};

/// `deepest` is the number of brackets that may be open at once. UserError: "PATH: WHAT ...".
inline nlohmann::json parse_strict_json(std::string_view text, const std::filesystem::path& path,
                                        const std::string& what, int deepest) {
  using Json = nlohmann::json;
  StrictJsonCheck check(fmt::format("{}: {}", path.string(), what), deepest);
  Json::sax_parse(text, &check);
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    std::string_view reason = error.what();
    if (const auto end = reason.find("] "); end != std::string_view::npos)
      reason.remove_prefix(end + 2);
    throw UserError(fmt::format("{}: {} is not valid JSON: {}", path.string(), what, reason));
  }
}

/// Short and plain ASCII, whatever the value is: it goes into an error message.
inline std::string shown(const nlohmann::json& value) {
  constexpr std::size_t most = 60;
  std::string text = value.dump(-1, ' ', true);
  return text.size() > most ? text.substr(0, most) + "..." : text;
}

}  // namespace headsweep
