#include "io/job_keys.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/job.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The keys and values of a mapping.
using Mapping = std::map<std::string, std::string>;

std::string yaml_of(const Mapping& mapping) {
  std::string text;
  for (const auto& [key, value] : mapping)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key, value);
  return "{" + text + "}";
}

/// What a section needs besides the key that is looked at.
Mapping needed(const std::string& path, const std::string& form) {
  if (path == "families[].sentences") return {{"templates", "['at {item}']"}};
  if (path == "families[].corrupt") {
    if (form == "family" || form == "file") return {{form, "b"}};
    return {{"rule", form}};
  }
  if (path != "families[].generate") return {};
  Mapping keys = {{"sequence", form}};
  if (form == "recurrence") keys["start"] = "[[1, 1]]";
  if (form == "words") keys["words"] = "[a, b, c, d, e, f, g]";
  return keys;
}

/// A job in which the section has these keys and nothing more than it needs.
std::string job_with(const std::string& path, const Mapping& keys) {
  Mapping job = {{"model", "{path: model}"}};
  Mapping family = {{"name", "a"}};
  if (path != "families[]" || !keys.contains("file"))
    family.insert({{"generate", "{sequence: arithmetic}"}, {"corrupt", "repeat_last"}});
  const std::string in_family = "families[].";
  if (path.starts_with(in_family)) family[path.substr(in_family.size())] = yaml_of(keys);
  if (path == "families[]")
    for (const auto& [key, value] : keys) family[key] = value;
  job["families"] = "[" + yaml_of(family) + "]";
  if (path.empty()) {
    for (const auto& [key, value] : keys) job[key] = value;
  } else if (path == "sweep.include[]") {
    job["sweep"] = "{include: [" + yaml_of(keys) + "]}";
  } else if (!path.starts_with("families")) {
    Mapping section = keys;
    if (path == "model") section.insert({"path", "model"});
    job[path] = yaml_of(section);
  }
  return yaml_of(job);
}

/// As messages write it: "families.0.generate.step".
std::string place_of(const std::string& path, const std::string& key) {
  std::string place = std::regex_replace(path, std::regex(R"(\[\])"), ".0");
  return (place.empty() ? "" : place + ".") + key;
}

/// The forms of a section that has some; else one without a name.
std::vector<std::string> forms_of(const JobSection& section) {
  if (section.path == "families[].generate") return sequence_names();
  std::set<std::string> forms;
  for (const JobKey& key : section.keys) forms.insert(key.with.begin(), key.with.end());
  return forms.empty() ? std::vector<std::string>{""}
                       : std::vector<std::string>(forms.begin(), forms.end());
}

bool has(const JobSection& section, const std::string& form, const std::string& key) {
  return std::ranges::count(keys_of(section.path, form), key) == 1;
}

class JobKeys : public testing::Test {
 protected:
  std::string error(const std::string& yaml) {
    return complaint_of([&] { read_job(folder_.write("job.yaml", yaml)); });
  }
  std::string resolved(const std::string& path, const Mapping& keys) {
    return resolved_job(read_job(folder_.write("job.yaml", job_with(path, keys))));
  }
  TemporaryFolder folder_;
};

TEST_F(JobKeys, EachIsReadWhereTheTableHasIt) {
  for (const JobSection& section : job_sections())
    for (const std::string& form : forms_of(section))
      for (const std::string& key : keys_of(section.path, form)) {
        Mapping keys = needed(section.path, form);
        keys[key] = "{nonsense: [[]]}";
        const std::string job = job_with(section.path, keys), message = error(job);
        const std::string place = place_of(section.path, key);
        EXPECT_THAT(message, HasSubstr(": " + place)) << job;
        EXPECT_THAT(message, Not(HasSubstr(place + ": unknown key"))) << job;
      }
}

TEST_F(JobKeys, OthersAreRefusedInEachSection) {
  for (const JobSection& section : job_sections())
    for (const std::string& form : forms_of(section)) {
      std::vector<std::string> others = {"qqq"};
      for (const JobKey& key : section.keys)
        if (!has(section, form, key.name) && section.path != "families[].corrupt")
          others.push_back(key.name);
      for (const std::string& key : others) {
        Mapping keys = needed(section.path, form);
        keys[key] = "1";
        EXPECT_THAT(error(job_with(section.path, keys)),
                    HasSubstr(place_of(section.path, key) + ": unknown key"));
      }
    }
}

TEST_F(JobKeys, AreAllInTheResolvedJob) {
  const std::string job = resolved("", {});
  for (const std::string path : {"model", "search", "run", "analyses"})
    for (const std::string& key : keys_of(path)) EXPECT_THAT(job, HasSubstr("\n  " + key + ": "));
}

TEST_F(JobKeys, HaveTheDefaultsThatTheTableSays) {
  const std::regex code("`([^`]+)`");
  int checked = 0;
  for (const JobSection& section : job_sections())
    for (const JobKey& key : section.keys) {
      std::smatch value;
      if (!std::regex_match(key.default_value, value, code)) continue;
      const std::string form =
          key.with.empty() ? (section.path == "families[].generate" ? "arithmetic" : "shuffle")
                           : key.with.back();
      const Mapping without = needed(section.path, form);
      Mapping with = without;
      with[key.name] = value[1];
      EXPECT_EQ(resolved(section.path, with), resolved(section.path, without)) << key.name;
      ++checked;
    }
  EXPECT_GT(checked, 30);
}

TEST_F(JobKeys, ThatPagesNameAreInTheTable) {
  std::set<std::string> known;
  for (const JobSection& section : job_sections())
    for (const JobKey& key : section.keys) known.insert(section.path + "." + key.name);
  const std::filesystem::path source = HEADSWEEP_SOURCE_FOLDER;
  std::vector<std::filesystem::path> pages = {source / "README.md", source / "CONTRIBUTING.md"};
  for (const auto& entry : std::filesystem::directory_iterator(source / "docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  const std::regex named(R"(`((model|search|sweep|run|analyses)\.[a-z_]+)(:[^`]*)?`)");
  const std::set<std::string> files = {"run.cpp", "run.h", "search.cpp", "search.h",
                                       "model.safetensors"};
  int count = 0;
  for (const auto& page : pages) {
    std::ifstream file(page);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at, ++count)
      EXPECT_TRUE(known.contains((*at)[1]) || files.contains((*at)[1]))
          << page << " names a key that jobs have not: " << (*at)[1];
  }
  EXPECT_GT(count, 20);
}

}  // namespace
}  // namespace headsweep
