// How the table of a job's keys writes values: from what the readers use, so that nothing is typed
// twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "io/job_choices.h"

namespace headsweep {

inline std::string as_code(std::string_view text) { return fmt::format("`{}`", text); }

inline std::string as_codes(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + as_code(name);
  return text;
}

/// All names that the reader takes: "`mean`, `zero`, `resample`".
template <class Enum>
std::string names_of_all() {
  std::vector<std::string> names;
  for (const Enum each : Choices<Enum>::all) names.emplace_back(name_of(each));
  return as_codes(names);
}

inline std::string whole_number(int lowest, int highest) {
  return fmt::format("whole number, {} to {}", lowest, highest);
}

inline std::string as_number(double value) { return as_code(fmt::format("{}", value)); }
inline std::string as_flag(bool value) { return value ? "`true`" : "`false`"; }

/// Where 0 is what the job file writes as auto.
inline std::string number_or_auto(double value) { return value == 0 ? "`auto`" : as_number(value); }

constexpr const char* required = "required";

}  // namespace headsweep
