// Corrupted prompts made from clean ones. A new corruption: its name in io/job_reader.cpp, its
// function here.
#pragma once

#include <string>
#include <vector>

#include "io/prompt_file.h"

namespace headsweep {

/// The last word becomes the one before it: `1 3 5 7 9 11` -> `1 3 5 7 9 9`. Answer and distractor
/// change places.
std::vector<Prompt> repeat_last(const std::vector<Prompt>& clean, const std::string& family);

}  // namespace headsweep
