// JSON that is not trusted: well-formed, not nested deeply, not of endless parts, and no name twice
// in an object.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"

namespace headsweep {

/// `deepest` is the number of brackets that may be open at once. UserError: "PATH: WHAT ...".
inline nlohmann::json parse_strict_json(std::string_view text, const std::filesystem::path& path,
                                        const std::string& what, int deepest) {
  using Json = nlohmann::json;
  // Every parser event comes with the number of brackets open before it; an object's names with
  // those inside it.
  std::vector<std::set<std::string>> names(static_cast<std::size_t>(deepest) + 1);
  // A value takes many times the memory that it takes in the file.
  constexpr std::size_t most_values = 1'000'000;
  std::size_t values = 0;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= deepest)
      throw UserError(fmt::format("{}: {} is nested too deeply", path.string(), what));
    if ((opens || event == Json::parse_event_t::value) && ++values > most_values)
      throw UserError(
          fmt::format("{}: {} holds more than {} values", path.string(), what, most_values));
    if (event == Json::parse_event_t::object_start)
      names[static_cast<std::size_t>(depth) + 1].clear();
    if (event == Json::parse_event_t::key &&
        !names[static_cast<std::size_t>(depth)].insert(parsed.get<std::string>()).second)
      throw UserError(fmt::format("{}: {} has the name '{}' twice", path.string(), what,
                                  parsed.get<std::string>()));
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::exception& error) {
    std::string_view reason = error.what();
    if (const auto end = reason.find("] "); end != std::string_view::npos)
      reason.remove_prefix(end + 2);
    throw UserError(fmt::format("{}: {} is not valid JSON: {}", path.string(), what, reason));
  }
}

}  // namespace headsweep
