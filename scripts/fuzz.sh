#!/usr/bin/env bash
# Runs the fuzzers of a build tree: fuzz.sh [-j JOBS] TREE SECONDS [NAME]... ; all of them without names, two at a time.
# Each begins with its seeds (tests/fuzz/corpus) and what it has kept of earlier runs (TREE/fuzz/corpus), and prints one line.
# Exit 1 if one of them has found something: the input lies in TREE/fuzz/findings, and a line says how to see it again.
set -euo pipefail

jobs=2
if [[ ${1:-} == -j ]]; then
  jobs=$2
  shift 2
fi
if (($# < 2)); then
  echo "usage: ${0##*/} [-j JOBS] TREE SECONDS [NAME]..." >&2
  exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
tree=$(cd "$1" && pwd)
seconds=$2
shift 2
names=("$@")
if ((!${#names[@]})); then
  for fuzzer in "$tree"/tests/fuzz/*_fuzzer; do
    [[ -x $fuzzer ]] || { echo "$tree: has no fuzzers: configure it with HEADSWEEP_FUZZ=ON" >&2; exit 2; }
    names+=("$(basename "$fuzzer" _fuzzer)")
  done
fi

# The inputs become files on their way to a parser: in memory, and gone afterwards, whatever a fuzzer died of.
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" headsweep-fuzz-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# What is freed need not be kept for long: the limit is on all memory.
export ASAN_OPTIONS=quarantine_size_mb=16:${ASAN_OPTIONS:-}

# Seconds for one input: 10, but for what leaves it to a child process to come to an end.
declare -A timeouts=([hdf5_bytes]=100)

value_of() {  # LOG NAME: of "stat::NAME: 123", which libFuzzer prints at its end
  awk -v name="stat::$2:" '$1 == name { value = $2 } END { print value == "" ? 0 : value }' "$1"
}

# NAME: runs one fuzzer; its line, and exit 1 if it has found something.
fuzz_one() {
  local name=$1 fuzzer=$tree/tests/fuzz/${1}_fuzzer status=0
  local kept=$tree/fuzz/corpus/$name findings=$tree/fuzz/findings/$name log=$tree/fuzz/$name.log
  local options=(-max_total_time="$seconds" -timeout="${timeouts[$name]:-10}" -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1
                 -artifact_prefix="$findings/")
  if [[ -f $source/tests/fuzz/dictionaries/$name.dict ]]; then
    options+=(-dict="$source/tests/fuzz/dictionaries/$name.dict")
  fi
  mkdir -p "$kept" "$findings" "$scratch/$name"
  TMPDIR=$scratch/$name "$fuzzer" "${options[@]}" "$kept" "$source/tests/fuzz/corpus/$name" >"$log" 2>&1 || status=$?
  local edges found=0
  edges=$(awk '{ for (i = 1; i < NF; ++i) if ($i == "cov:") edges = $(i + 1) } END { print edges + 0 }' "$log")
  ((status == 0)) || found=1
  printf '%-18s %6s s %12s executions %9s a second %7s edges %3s findings\n' "$name" "$seconds" \
    "$(value_of "$log" number_of_executed_units)" "$(value_of "$log" average_exec_per_sec)" "$edges" "$found"
  ((found)) || return 0
  grep -aE -m1 'ERROR:|runtime error:|what\(\):' "$log" | sed 's/^/  /' || true
  local input
  input=$(awk '/Test unit written to/ { print $NF }' "$log" | tail -n 1)
  echo "  again: $fuzzer ${input:-"(no input was kept; see $log)"}"
  return 1
}

# A function is read whole before it runs: the script may change while it works.
run_all() {
  local failed=0 running=0 name
  for name in "${names[@]}"; do
    if ((running == jobs)); then
      wait -n || failed=1
      running=$((running - 1))
    fi
    fuzz_one "$name" &
    running=$((running + 1))
  done
  while ((running)); do
    wait -n || failed=1
    running=$((running - 1))
  done
  exit "$failed"
}
run_all
