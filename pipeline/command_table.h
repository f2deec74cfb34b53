// What the command line understands, as plain values: the manual and the completions are made of
// it, so that no second list of commands can fall behind.
#pragma once

#include <string>
#include <vector>

namespace headsweep {

struct OptionText {
  std::vector<std::string> names;    // "-o", "--output"; of an argument one, "JOB"
  std::string value;                 // "KEY=VALUE"; empty: takes none
  std::vector<std::string> choices;  // the only values, if it says so
  std::string range;                 // "0 - 100", if it says so
  std::string description;
  bool repeats = false;  // an argument that may be several
};

struct CommandText {
  std::string name;  // "bench model"; empty: the program itself
  std::string description;
  std::vector<OptionText> arguments, options;
  std::vector<CommandText> commands;
};

/// All commands that take arguments of their own, in their order: not `bench`, but `bench model`.
std::vector<const CommandText*> leaves_of(const CommandText& table);

/// All commands, the program itself among them; each after those under it.
std::vector<const CommandText*> all_commands(const CommandText& table);

/// "model" of "bench model".
std::string own_name(const CommandText& command);
std::vector<std::string> names_under(const CommandText& command);

/// The manual's page, for `man`.
std::string manual(const CommandText& table, const std::string& version);

/// What a shell sources to complete the command line.
std::string bash_completion(const CommandText& table);
std::string zsh_completion(const CommandText& table);
std::string fish_completion(const CommandText& table);

}  // namespace headsweep
