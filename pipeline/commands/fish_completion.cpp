#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/command_table.h"

namespace headsweep {
namespace {

std::string in_single_quotes(const std::string& text) {
  std::string out;
  for (const char each : text) {
    if (each == '\'' || each == '\\') out += '\\';
    out += each;
  }
  return "'" + out + "'";
}

/// Whether a line of fish's is for what is typed: after the command's words, and none under it.
std::string condition(const CommandText& command) {
  const std::string& words = command.name;
  std::string test;
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    test += (test.empty() ? "" : "; and ") +
            ("__fish_seen_subcommand_from " + words.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!command.commands.empty())
    test += (test.empty() ? "" : "; and ") +
            fmt::format("not __fish_seen_subcommand_from {}", fmt::join(names_under(command), " "));
  return in_single_quotes(test);
}

std::string option_line(const CommandText& command, const OptionText& option) {
  std::string line = "complete -c headsweep -n " + condition(command);
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.choices.empty())
    line += fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
  else if (!option.value.empty())
    line += " -r -F";
  return line + " -d " + in_single_quotes(option.description) + "\n";
}

std::string lines_of(const CommandText& command) {
  std::string lines;
  for (const CommandText& each : command.commands)
    lines += fmt::format("complete -c headsweep -n {} -f -a {} -d {}\n", condition(command),
                         own_name(each), in_single_quotes(each.description));
  for (const OptionText& argument : command.arguments)
    if (!argument.choices.empty())
      lines += fmt::format("complete -c headsweep -n {} -f -a '{}'\n", condition(command),
                           fmt::join(argument.choices, " "));
  for (const OptionText& option : command.options) lines += option_line(command, option);
  return lines;
}

}  // namespace

std::string fish_completion(const CommandText& table) {
  std::string text = "# headsweep's completion for fish. Written by `headsweep completion fish`.\n";
  for (const CommandText* command : all_commands(table)) text += lines_of(*command);
  return text;
}

}  // namespace headsweep
