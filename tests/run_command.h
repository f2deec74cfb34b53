// Other programs that look at our files.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace headsweep {

/// Runs a command; its output, and whether it succeeded.
inline std::pair<std::string, bool> run_command(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> piece{};
  while (const auto got = std::fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), got);
  return {output, pclose(pipe) == 0};
}

inline bool has_h5py() {
  static const bool has = run_command("/usr/bin/python3 -c 'import h5py'").second;
  return has;
}

}  // namespace headsweep
