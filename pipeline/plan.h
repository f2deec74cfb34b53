// What a job would do, found out without doing it: and everything that `run` would refuse, refused.
#pragma once

#include <string>

#include "io/job.h"
#include "model/tokenizer.h"
#include "pipeline/families.h"

namespace headsweep {

struct Inputs;

/// "family even-step2, first prompt: ..." with its tokens, positions marked, and the answer.
std::string describe_first_prompt(const Family& family, const Tokenizer& tokenizer);

/// Of the families that are searched; of many only the first.
std::string describe_first_prompts(const Job& job, const Inputs& inputs);

/// What the job would be started with.
struct PlannedRanks {
  int ranks = 1;
  int ranks_per_node = 0;    // 0: one to a socket; of GPUs, as many as a node has
  bool sbatch_line = false;  // print one
};

/// How much is printed of families: of many, only the first ones are told in full. As JSON there is
/// nothing but what a program reads.
enum class PlanForm { first_families, all_families, json };

/// Prints families' prompts, tokens and baseline, the run files and their state, memory, work, and
/// the expected time, measured by evaluating a few circuits here; and a table of the runs.
void plan_job(const Job& job, const PlannedRanks& planned, PlanForm form);

}  // namespace headsweep
