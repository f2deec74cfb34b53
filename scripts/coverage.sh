#!/usr/bin/env bash
# How many lines of io, model and pipeline the tests run: coverage.sh BUILD_TREE. Runs the tests of the tree (preset coverage),
# prints a table, writes TREE/coverage/index.html, and fails below 90 %. An hour.
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$(realpath "$1")
least=90
for tool in llvm-profdata llvm-cov; do
  command -v $tool >/dev/null || {
    echo "coverage: $tool is not installed (scripts/install_packages.sh --with-tools)" >&2
    exit 2
  }
done

# Each process leaves its own counts, also those that a test starts in its own folder; one that is killed leaves none.
rm -rf "$tree/coverage"
mkdir -p "$tree/coverage/raw"
# Some tests cannot pass where lines are counted: of limits on files and of users who may not write, since the counts are a
# file, too; of sizes (the bundle). What must pass is `make check`.
LLVM_PROFILE_FILE="$tree/coverage/raw/%p-%m.profraw" OMP_WAIT_POLICY=passive ctest --preset coverage --parallel 2 \
  --exclude-regex program/bundle_test || echo "coverage: those tests fail where lines are counted"
find "$tree/coverage/raw" -name '*.profraw' >"$tree/coverage/files.txt"
llvm-profdata merge -sparse --failure-mode=all -f "$tree/coverage/files.txt" -o "$tree/coverage/all.profdata"

mapfile -t programs < <(find "$tree/tests" "$tree/pipeline" -maxdepth 2 -type f -perm -u+x ! -name '*.so' ! -name '*.a' | sort)
objects=()
for program in "${programs[@]:1}"; do objects+=(-object "$program"); done
# What needs a GPU is run on an emulated one by the preset mpi, not here.
mapfile -t sources < <(find io model pipeline -name '*.cpp' ! -name '*_nccl*' -o -name '*.h' | sort)
llvm-cov export -summary-only "${programs[0]}" "${objects[@]}" -instr-profile "$tree/coverage/all.profdata" "${sources[@]}" \
  >"$tree/coverage/summary.json" 2>"$tree/coverage/messages.txt"
llvm-cov show -format=html -output-dir "$tree/coverage" "${programs[0]}" "${objects[@]}" \
  -instr-profile "$tree/coverage/all.profdata" "${sources[@]}" >/dev/null 2>&1 || true

python3 - "$tree/coverage/summary.json" "$least" <<'PYTHON'
import collections, json, os, sys
lines = collections.defaultdict(lambda: [0, 0])
files = []
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    name = os.path.relpath(file["filename"])
    if not name.startswith(("io/", "model/", "pipeline/")):  # what those include
        continue
    summary = file["summary"]["lines"]
    files.append((summary["count"] - summary["covered"], name, summary["covered"], summary["count"]))
    for key in (name.split("/")[0], "all"):
        lines[key][0] += summary["covered"]
        lines[key][1] += summary["count"]
for missed, name, covered, count in sorted(files, reverse=True)[:15]:
    print(f"  {missed:4d} lines of {name} not run ({covered} of {count} are)")
for name in sorted(lines, key=lambda name: (name == "all", name)):
    covered, count = lines[name]
    print(f"coverage: {name}: {100 * covered / count:.1f} % of {count} lines")
if any(100 * covered < float(sys.argv[2]) * count for covered, count in lines.values()):
    sys.exit(f"coverage: FAILED, below {sys.argv[2]} %")
PYTHON
