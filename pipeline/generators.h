// Prompt families made by rule. A new sequence: its parameters in io/job.h and io/job_reader.cpp,
// its function here.
#pragma once

#include <string>
#include <vector>

#include "io/job.h"
#include "io/prompt_file.h"

namespace headsweep {

/// `1 3 5 7 9 11` -> answer 13, distractor 11 (the last number again), one prompt for each start.
std::vector<Prompt> arithmetic_prompts(const ArithmeticSpec& spec, const std::string& family);

/// A prompt from its words, one space between them; positions S1, S2, ...
Prompt prompt_of_words(const std::vector<std::string>& words);

}  // namespace headsweep
