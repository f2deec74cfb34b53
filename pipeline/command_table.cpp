#include "pipeline/command_table.h"

namespace headsweep {

std::vector<const CommandText*> leaves_of(const CommandText& table) {
  if (table.commands.empty()) return {&table};
  std::vector<const CommandText*> leaves;
  for (const CommandText& command : table.commands)
    for (const CommandText* leaf : leaves_of(command)) leaves.push_back(leaf);
  return leaves;
}

std::vector<const CommandText*> all_commands(const CommandText& table) {
  std::vector<const CommandText*> all;
  for (const CommandText& command : table.commands)
    for (const CommandText* each : all_commands(command)) all.push_back(each);
  all.push_back(&table);
  return all;
}

std::string own_name(const CommandText& command) {
  return command.name.substr(command.name.rfind(' ') + 1);
}

std::vector<std::string> names_under(const CommandText& command) {
  std::vector<std::string> names;
  for (const CommandText& each : command.commands) names.push_back(own_name(each));
  return names;
}

}  // namespace headsweep
