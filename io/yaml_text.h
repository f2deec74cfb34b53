// Text on its way to the YAML parser: checked, and JSON made into the YAML that the parser knows.
#pragma once

#include <string>
#include <string_view>

namespace headsweep {

/// UserError (name, line) unless the text is UTF-8 without control characters.
void check_encoding(std::string_view text, const std::string& name);

/// JSON is YAML except for surrogate pairs, tabs outside strings and `\/`; this removes the
/// exceptions and keeps every line where it is.
std::string json_as_yaml(std::string_view json);

}  // namespace headsweep
