// The tables of docs/job-file.md, from the table of keys that the job's readers use:
// job_page write|check PAGE. A table stands between "<!-- keys of SECTION -->" and "<!-- end -->".
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/job_keys.h"

namespace headsweep {
namespace {

const std::string begin_mark = "<!-- keys of ", begin_end = " -->\n", end_mark = "<!-- end -->\n";

std::string linked(const JobKey& key) {
  if (key.page.empty()) return key.meaning;
  const std::string here = "job-file.md";
  const std::string page = key.page.starts_with(here) ? key.page.substr(here.size()) : key.page;
  return fmt::format("[{}]({})", key.meaning, page);
}

/// Empty for the key whose value is the form.
std::string forms_of(const JobKey& key) {
  if (key.with.empty()) return "";
  const std::string forms = fmt::format("`{}`", fmt::join(key.with, "`, `"));
  return forms == key.values ? "" : forms;
}

std::string table_of(const JobSection& section) {
  const bool has_forms =
      std::ranges::any_of(section.keys, [](const JobKey& key) { return !key.with.empty(); });
  std::string text = fmt::format("| key | values | default | what it is |{}\n|---|---|---|---|{}\n",
                                 has_forms ? " only with |" : "", has_forms ? "---|" : "");
  for (const JobKey& key : section.keys) {
    text += fmt::format("| `{}` | {} | {} | {} |", key.name, key.values, key.default_value,
                        linked(key));
    if (has_forms) text += forms_of(key).empty() ? " |" : fmt::format(" {} |", forms_of(key));
    text += "\n";
  }
  return text;
}

/// What a mark calls a section: the whole file has a name, too.
std::string mark_name(const JobSection& section) {
  return section.path.empty() ? "the file" : section.path;
}

/// The page with its tables as they should be.
std::string rewritten(const std::string& page) {
  std::string result;
  std::set<std::string> found;
  std::size_t at = 0;
  while (true) {
    const std::size_t mark = page.find(begin_mark, at);
    if (mark == std::string::npos) break;
    const std::size_t name_end = page.find(begin_end, mark), end = page.find(end_mark, mark);
    if (name_end == std::string::npos || end == std::string::npos)
      throw std::runtime_error("a table has no end");
    const std::size_t name_begin = mark + begin_mark.size();
    const std::string name = page.substr(name_begin, name_end - name_begin);
    const auto section = std::ranges::find(job_sections(), name, mark_name);
    if (section == job_sections().end())
      throw std::runtime_error("there is no section '" + name + "'");
    found.insert(name);
    result += page.substr(at, name_end + begin_end.size() - at) + "\n" + table_of(*section) + "\n";
    at = end;
  }
  for (const JobSection& section : job_sections())
    if (!found.contains(mark_name(section)))
      throw std::runtime_error("the table of '" + mark_name(section) + "' is missing");
  return result + page.substr(at);
}

int run(std::string_view action, const std::string& path) {
  std::ifstream file(path);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const std::string wanted = rewritten(page);
  if (action == "write") {
    std::ofstream(path) << wanted;
  } else if (page != wanted) {
    const auto [differs, _] = std::ranges::mismatch(page, wanted);
    fmt::print(stderr, "{}:{}: is not what io/job_keys.cpp says: make docs\n", path,
               1 + std::count(page.begin(), differs, '\n'));
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace headsweep

int main(int count, char** arguments) {
  const std::string_view action = count == 3 ? arguments[1] : "";
  if (action != "write" && action != "check") {
    fmt::print(stderr, "usage: job_page write|check PAGE\n");
    return 2;
  }
  try {
    return headsweep::run(action, arguments[2]);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}: {}\n", arguments[2], problem.what());
    return 1;
  }
}
