// Options that several commands take, and the commands that have files of their own.
#pragma once

#include <initializer_list>
#include <map>
#include <string>

#include "pipeline/command_line.h"

namespace headsweep {

void add_mpi(CLI::App& command, Arguments& arguments);
void add_json(CLI::App& command, Arguments& arguments);
void add_device(CLI::App& command, Arguments& arguments);

/// `otherwise`: how many it takes without the option.
void add_threads(CLI::App& command, int& threads, const char* otherwise);

/// By the names that a job gives them.
template <class Enum>
std::map<std::string, Enum> by_name(std::initializer_list<Enum> values) {
  std::map<std::string, Enum> named;
  for (const Enum each : values) named[name_of(each)] = each;
  return named;
}

/// One of these values by its name. Names are what --help and the completions show of it.
template <class Enum>
CLI::Validator one_of(std::initializer_list<Enum> values) {
  const std::map<std::string, Enum> named = by_name(values);
  const std::string names = CLI::detail::generate_set(named);
  return CLI::CheckedTransformer(named).description(names);
}

void add_analyses(CLI::App& app, Arguments& arguments, int& exit_code);
void add_benchmarks(CLI::App& app, Arguments& arguments, int& exit_code);

}  // namespace headsweep
