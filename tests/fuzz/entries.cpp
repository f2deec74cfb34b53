#include "tests/fuzz/entries.h"

#include <array>

namespace headsweep {

std::span<const FuzzEntry> fuzz_entries() {
  static const std::array entries = {FuzzEntry{"checkpoint_index", fuzz_checkpoint_index},
                                     FuzzEntry{"circuit_file", fuzz_circuit_file},
                                     FuzzEntry{"config", fuzz_config},
                                     FuzzEntry{"cost_file", fuzz_cost_file},
                                     FuzzEntry{"hdf5_bytes", fuzz_hdf5_bytes},
                                     FuzzEntry{"hdf5_structure", fuzz_hdf5_structure},
                                     FuzzEntry{"job", fuzz_job},
                                     FuzzEntry{"prompt_file", fuzz_prompt_file},
                                     FuzzEntry{"safetensors", fuzz_safetensors},
                                     FuzzEntry{"tokenizer", fuzz_tokenizer},
                                     FuzzEntry{"tokenizer_file", fuzz_tokenizer_file},
                                     FuzzEntry{"trace_file", fuzz_trace_file}};
  return entries;
}

}  // namespace headsweep
