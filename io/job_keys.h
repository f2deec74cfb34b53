// Every key that a job file may have: the readers allow these and no others, and the tables of
// docs/job-file.md are written from here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headsweep {

/// Texts are Markdown.
struct JobKey {
  std::string name;
  std::string values;
  std::string default_value;  // "required" where there is none
  std::string meaning;
  std::string page;  // of docs/, that tells more: "semantics.md#ablation"; or empty
  std::vector<std::string> with = {};  // the forms of the section that have the key; empty: all
};

/// A mapping of the job file.
struct JobSection {
  std::string path;  // "search", "families[].generate"; empty: the whole file
  std::vector<JobKey> keys;
};

const std::vector<JobSection>& job_sections();

/// The names of a section's keys; of one of its forms (for `generate` the sequence's name, for
/// `corrupt` the rule's, or "family", "file") those that it has. The path must be there.
std::vector<std::string> keys_of(std::string_view path);
std::vector<std::string> keys_of(std::string_view path, std::string_view form);

/// The names of sequences that `generate` knows, those of lists among them.
std::vector<std::string> sequence_names();

/// The sections of `families`, in a file of their own.
std::vector<JobSection> family_sections();

}  // namespace headsweep
