// What the fuzzers do with an input: one function for each kind of file. tests/fuzz/README.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace headsweep {

/// Reads the input as a file of its kind. What leaves it, be it an exception or a signal, is a
/// finding.
struct FuzzEntry {
  std::string name;  // of the fuzzer, and of its folders in corpus/ and findings/
  void (*run)(std::string_view input);
};

std::span<const FuzzEntry> fuzz_entries();

void fuzz_checkpoint_index(std::string_view input);
void fuzz_circuit_file(std::string_view input);
void fuzz_config(std::string_view input);
void fuzz_cost_file(std::string_view input);
void fuzz_hdf5_bytes(std::string_view input);
void fuzz_hdf5_structure(std::string_view input);
void fuzz_job(std::string_view input);
void fuzz_prompt_file(std::string_view input);
void fuzz_safetensors(std::string_view input);
void fuzz_tokenizer(std::string_view input);
void fuzz_tokenizer_file(std::string_view input);
void fuzz_trace_file(std::string_view input);

}  // namespace headsweep
