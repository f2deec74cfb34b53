#include "pipeline/read_command_table.h"

#include <string_view>

namespace headsweep {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  if (option.get_positional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// CLI11 gives the kind of a value and what checks it in one: "TEXT:{html,md}", "INT:INT in [0 -
/// 9]".
void read_value(const std::string& type, OptionText& text) {
  const auto colon = type.find(':');
  text.value = type.substr(0, colon);
  if (colon == type.npos) return;
  const std::string_view check = std::string_view(type).substr(colon + 1);
  constexpr std::string_view in = " in [";
  if (check.starts_with('{') && check.ends_with('}'))
    text.choices = CLI::detail::split(std::string(check.substr(1, check.size() - 2)), ',');
  else if (const auto range = check.find(in); range != check.npos && check.ends_with(']'))
    text.range = check.substr(range + in.size(), check.size() - range - in.size() - 1);
}

OptionText read_option(const CLI::Option& option) {
  OptionText text;
  text.names = names_of(option);
  text.description = option.get_description();
  text.repeats = option.get_items_expected_max() > 1;
  if (option.get_items_expected_max() > 0) read_value(option.get_type_name(), text);
  return text;
}

CommandText read_command(const CLI::App& app, const std::string& name) {
  CommandText text;
  text.name = name;
  text.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    auto& list = option->get_positional() ? text.arguments : text.options;
    list.push_back(read_option(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    text.commands.push_back(read_command(
        *command, name.empty() ? command->get_name() : name + " " + command->get_name()));
  return text;
}

}  // namespace

CommandText read_command_table(const CLI::App& app) { return read_command(app, ""); }

}  // namespace headsweep
