// How much a job file may ask for. The readers refuse more, and docs/job-file.md says so, from
// here.
#pragma once

#include <cstddef>

namespace headsweep {

constexpr double threshold_limit = 1e6;
constexpr int most_resamples = 10'000;

constexpr int most_threads = 4096;
constexpr int most_ranks = 1'000'000;
constexpr double most_family_memory_gb = 1e6;
constexpr double longest_stall_seconds = 1e9;  // thirty years; keeps times within a clock's range

constexpr int most_draws = 10'000;  // of an analysis

constexpr std::size_t longest_family_name = 100;
constexpr int largest_number = 1'000'000'000;  // in a prompt; keeps sums within a long long
constexpr int most_generated_prompts = 100'000;
constexpr int longest_sequence = 1000;
constexpr int largest_list_step = 1000;
constexpr int most_weights = 8;
constexpr int largest_weight = 1000;
constexpr double most_times_distractor = 1e6;

}  // namespace headsweep
