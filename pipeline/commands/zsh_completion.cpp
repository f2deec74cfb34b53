#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/command_table.h"

namespace headsweep {
namespace {

/// In single quotes, where zsh's functions give brackets and colons a meaning.
std::string described(const std::string& text) {
  std::string out;
  for (const char each : text) {
    if (each == '\'')
      out += "'\\''";
    else if (each == '[' || each == ']' || each == ':' || each == '\\')
      out += fmt::format("\\{}", each);
    else
      out += each;
  }
  return out;
}

/// What follows an option, or stands for an argument: a name, and what completes it.
std::string value(const std::string& name, const std::vector<std::string>& choices) {
  return choices.empty() ? fmt::format(":{}:_files", name)
                         : fmt::format(":{}:({})", name, fmt::join(choices, " "));
}

std::string option_line(const OptionText& option) {
  const std::string rest =
      fmt::format("'[{}]{}'", described(option.description),
                  option.value.empty() ? "" : value(option.value, option.choices));
  if (option.repeats) return fmt::format("    '*'{}{} \\\n", option.names.front(), rest);
  if (option.names.size() == 1) return fmt::format("    {}{} \\\n", option.names.front(), rest);
  return fmt::format("    '({})'{{{}}}{} \\\n", fmt::join(option.names, " "),
                     fmt::join(option.names, ","), rest);
}

std::string argument_line(const OptionText& argument) {
  return fmt::format("    '{}{}' \\\n", argument.repeats ? "*" : "",
                     value(argument.names.front(), argument.choices));
}

/// "_headsweep_bench_model"
std::string function_name(const CommandText& command) {
  std::string name = command.name.empty() ? "_headsweep" : "_headsweep_" + command.name;
  std::ranges::replace(name, ' ', '_');
  return name;
}

std::string function_of_leaf(const CommandText& command) {
  std::string lines;
  for (const OptionText& option : command.options) lines += option_line(option);
  for (const OptionText& argument : command.arguments) lines += argument_line(argument);
  return fmt::format("{}() {{\n  _arguments -S \\\n{}    && return\n}}\n\n", function_name(command),
                     lines);
}

std::string function_of_parent(const CommandText& command) {
  std::string commands, options;
  for (const CommandText& each : command.commands)
    commands += fmt::format("    '{}:{}'\n", own_name(each), described(each.description));
  for (const OptionText& option : command.options) options += option_line(option);
  return fmt::format(
      "{0}() {{\n  local -a commands=(\n{1}  )\n"
      "  if ((CURRENT > 2)); then\n    local name={0}_$words[2]\n    shift words\n    "
      "((CURRENT--))\n"
      "    (($+functions[$name])) && $name\n    return\n  fi\n"
      "  _arguments \\\n{2}    '1: :{{_describe command commands}}' && return\n}}\n\n",
      function_name(command), commands, options);
}

}  // namespace

std::string zsh_completion(const CommandText& table) {
  std::string text = "#compdef headsweep\n# Written by `headsweep completion zsh`.\n\n";
  for (const CommandText* command : all_commands(table))
    text += command->commands.empty() ? function_of_leaf(*command) : function_of_parent(*command);
  // Loaded by its name, the file is the function and is to act; sourced, it is to register it.
  return text +
         "if [[ $funcstack[1] == _headsweep ]]; then\n  _headsweep \"$@\"\n"
         "else\n  compdef _headsweep headsweep\nfi\n";
}

}  // namespace headsweep
