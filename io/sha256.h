// SHA-256 as lower-case hex: how a run file names the weights, tokenizer and prompts that it came
// from.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headsweep {

std::string sha256(std::string_view bytes);

/// Reads in pieces, so that a checkpoint of gigabytes costs no memory. UserError if the file cannot
/// be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace headsweep
