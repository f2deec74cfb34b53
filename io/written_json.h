// JSON as the program prints it. Only io/*.cpp may include this.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "io/printable.h"
#include "io/run_record.h"

namespace headsweep {

using Json = nlohmann::ordered_json;

/// On one line.
inline std::string written(const Json& value) {
  // A token's text may be half a character; it must not make the output fail.
  return printable_json(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// {name: value}
inline Json named_values(const NamedValues& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) object[name] = value;
  return object;
}

}  // namespace headsweep
