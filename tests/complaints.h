// What is said when something is refused.
#pragma once

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "io/errors.h"

namespace headsweep {

/// A call throws a UserError whose message has all of these parts.
auto refuses_with(const auto&... parts) {
  return testing::ThrowsMessage<UserError>(
      testing::AllOf(testing::HasSubstr(std::string(parts))...));
}

/// The message of the error that `work` throws; empty if it throws none.
template <class Error = UserError, class Work>
std::string complaint_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// The same about a file, which the message has to name.
template <class Error = UserError, class Work>
std::string complaint_about(const std::filesystem::path& file, const Work& work) {
  std::string message = complaint_of<Error>(work);
  if (!message.empty()) EXPECT_THAT(message, testing::HasSubstr(file.string()));
  return message;
}

/// The same from the file's name on: without the temporary folder before it.
template <class Work>
std::string complaint_from(const std::string& file, const Work& work) {
  const std::string message = complaint_of(work);
  const auto at = message.find(file);
  return at == std::string::npos ? message : message.substr(at);
}

}  // namespace headsweep
