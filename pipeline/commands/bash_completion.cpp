#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/command_table.h"

namespace headsweep {
namespace {

constexpr const char* beginning =
    R"BASH(# headsweep's completion for bash. Written by `headsweep completion bash`.
_headsweep() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' i
  # bash cuts --format=md at its `=`.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${COMP_WORDS[i]}" in
)BASH";

constexpr const char* middle = R"BASH(        command="${command:+$command }${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $before" in
)BASH";

constexpr const char* words_begin = R"BASH(    *)
      case "$command $word" in
)BASH";

// Where nothing fits, COMPREPLY stays empty and bash completes names of files (-o default).
constexpr const char* end = R"BASH(      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _headsweep headsweep
)BASH";

std::string path_patterns(const std::vector<const CommandText*>& all) {
  std::vector<std::string> patterns;
  for (const CommandText* command : all)
    if (!command->name.empty())
      patterns.push_back(command->name.find(' ') == std::string::npos ? "' " + command->name + "'"
                                                                      : "'" + command->name + "'");
  return fmt::format("      {})\n", fmt::join(patterns, " | "));
}

/// After an option that takes a value: its choices, or names of files.
std::string value_cases(const CommandText& command) {
  std::string cases;
  for (const OptionText& option : command.options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back(fmt::format("'{} {}'", command.name, name));
    cases += fmt::format("    {}) words='{}' ;;\n", fmt::join(patterns, " | "),
                         fmt::join(option.choices, " "));
  }
  return cases;
}

/// Elsewhere: options where a dash begins the word, else commands, or an argument's choices.
std::string word_cases(const CommandText& command) {
  std::vector<std::string> options, others = names_under(command);
  for (const OptionText& option : command.options)
    options.insert(options.end(), option.names.begin(), option.names.end());
  for (const OptionText& argument : command.arguments)
    others.insert(others.end(), argument.choices.begin(), argument.choices.end());
  return fmt::format("        '{0} -'*) words='{1}' ;;\n        '{0} '*) words='{2}' ;;\n",
                     command.name, fmt::join(options, " "), fmt::join(others, " "));
}

}  // namespace

std::string bash_completion(const CommandText& table) {
  // A command after those under it: its pattern would take their words for its own.
  const std::vector<const CommandText*> all = all_commands(table);
  std::string text = beginning + path_patterns(all) + middle;
  for (const CommandText* command : all) text += value_cases(*command);
  text += words_begin;
  for (const CommandText* command : all) text += word_cases(*command);
  return text + end;
}

}  // namespace headsweep
