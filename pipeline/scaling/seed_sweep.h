// The published search, on which machines are measured.
#pragma once

#include <filesystem>
#include <vector>

#include "io/trace_file.h"
#include "model/config.h"
#include "pipeline/families.h"

namespace headsweep {

/// The seed's prompts: `i i+2 ... i+10`, i = 1 .. 10; of further families i begins later.
Family seed_family(const Tokenizer& tokenizer, const ModelConfig& config, int number);

/// UserError unless the trace is a whole search, in order backward, of a model of this shape.
void check_trace(const std::vector<TraceStep>& trace, const ModelConfig& config,
                 const std::filesystem::path& file);

}  // namespace headsweep
