#include "tests/faults/fault_rules.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace faults {
namespace {

struct Rule {
  Call call = Call::open;
  std::string fault;  // as it is written
  Fate fate;
  long long shift_seconds = 0;
  long long from = 1, times = std::numeric_limits<long long>::max(), every = 1, after = 0;
  std::atomic<long long> calls = 0, made = 0;
};

const std::map<std::string, Call> calls = {{"open", Call::open},     {"read", Call::read},
                                           {"write", Call::write},   {"fsync", Call::fsync},
                                           {"rename", Call::rename}, {"close", Call::close},
                                           {"clock", Call::clock}};

const std::map<std::string, int> errors = {{"EACCES", EACCES}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR},
                                           {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EROFS", EROFS},
                                           {"ESTALE", ESTALE}};

/// A rule that cannot be read must not pass as a test without faults.
[[noreturn]] void refuse(const std::string& text) {
  std::fprintf(stderr, "fault layer: HEADSWEEP_FAULTS: cannot be read: '%s'\n", text.c_str());
  std::_Exit(99);
}

void read_option(const std::string& option, Rule& rule) {
  const auto equals = option.find('=');
  if (equals == std::string::npos) refuse(option);
  const long long value = std::atoll(option.c_str() + equals + 1);
  const std::string name = option.substr(0, equals);
  if (name == "from") {
    rule.from = value;
  } else if (name == "times") {
    rule.times = value;
  } else if (name == "every") {
    rule.every = value;
  } else if (name == "after") {
    rule.after = value;
  } else {
    refuse(option);
  }
}

void read_rule(const std::string& text, Rule& rule) {
  std::istringstream words(text);
  std::string call, option;
  words >> call >> rule.fault;
  if (!calls.count(call) || rule.fault.empty()) refuse(text);
  rule.call = calls.at(call);
  if (rule.call == Call::clock) {
    rule.shift_seconds = std::atoll(rule.fault.c_str());
  } else if (rule.fault == "short") {
    rule.fate.is_short = true;
  } else if (errors.count(rule.fault)) {
    rule.fate.error = errors.at(rule.fault);
  } else {
    refuse(text);
  }
  while (words >> option) read_option(option, rule);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Made when it is first asked for, which is before main(); never destroyed, as files are closed
/// after it.
std::vector<Rule>& rules() {
  static auto& all = *[] {
    std::vector<std::string> texts;
    std::istringstream list(environment("HEADSWEEP_FAULTS"));
    for (std::string text; std::getline(list, text, ';');)
      if (text.find_first_not_of(' ') != std::string::npos) texts.push_back(text);
    auto* made = new std::vector<Rule>(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) read_rule(texts[i], (*made)[i]);
    return made;
  }();
  return all;
}

std::atomic<long long> written = 0;

/// With system calls of its own: those of the C library are the ones that are counted.
void log(const Rule& rule, const std::string& path) {
  static const auto& file = *new std::string(environment("HEADSWEEP_FAULTS_LOG"));
  if (file.empty()) return;
  const auto name = [&] {
    for (const auto& each : calls)
      if (each.second == rule.call) return each.first;
    return std::string();
  }();
  const std::string line = name + " " + rule.fault + " " + path + "\n";
  const long to = syscall(SYS_openat, AT_FDCWD, file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (to < 0) return;
  syscall(SYS_write, to, line.data(), line.size());
  syscall(SYS_close, to);
}

/// Counts the call; whether the rule means this one.
bool strikes(Rule& rule) {
  if (written < rule.after) return false;
  const long long number = ++rule.calls;
  if (number < rule.from || (number - rule.from) % rule.every != 0) return false;
  return ++rule.made <= rule.times;
}

}  // namespace

bool is_meant(Call call) {
  for (const Rule& rule : rules())
    if (rule.call == call) return true;
  return false;
}

Fate fate_of(Call call, const std::string& path) {
  for (Rule& rule : rules()) {
    if (rule.call != call || !strikes(rule)) continue;
    log(rule, path);
    return rule.fate;
  }
  return {};
}

void note_written(std::size_t bytes) { written += static_cast<long long>(bytes); }

long long clock_shift_seconds() {
  long long shift = 0;
  for (Rule& rule : rules()) {
    if (rule.call != Call::clock) continue;
    const bool first = rule.made == 0;
    if (!strikes(rule)) continue;
    shift += rule.shift_seconds;
    if (first) log(rule, "");
  }
  return shift;
}

bool is_below(const std::string& path) {
  static const auto& folder = *new std::string(environment("HEADSWEEP_FAULTS_UNDER") + "/");
  return folder.size() > 1 && path.compare(0, folder.size(), folder) == 0;
}

}  // namespace faults
