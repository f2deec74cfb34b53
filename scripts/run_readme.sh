#!/usr/bin/env bash
# Runs the README's examples: every block fenced as ```sh ci, in order, each in its own bash at the repository's root.
# Commands are echoed with their line of the README. run_readme.sh [FILE]
set -euo pipefail
cd "$(dirname "$0")/.."
readme=${1:-README.md}
name=${readme##*/}
[[ -f $readme ]] || { echo "run_readme: there is no $readme" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# One file per block, named after its first line and padded in front, so that bash's line numbers are the README's.
# PS4 is set inside, as bash takes none from root's environment.
awk -v folder="$scratch" -v name="$name" '
  inside && /^```[ \t]*$/ { inside = 0; close(file); next }
  inside { print > file; next }
  /^```sh ci[ \t]*$/ {
    inside = NR
    file = sprintf("%s/%06d", folder, NR)
    for (i = 1; i < NR; ++i) print "" > file
    print "PS4=\047+ " name ":$LINENO: \047; set -x" > file
  }
  END { if (inside) { print name ":" inside ": this block has no end" > "/dev/stderr"; exit 1 } }
' "$readme"

shopt -s nullglob
blocks=("$scratch"/*)
((${#blocks[@]})) || { echo "run_readme: $readme has no block marked \`\`\`sh ci" >&2; exit 1; }
for block in "${blocks[@]}"; do
  line=$((10#${block##*/}))
  bash -euo pipefail "$block" </dev/null || {
    echo "run_readme: FAILED: the block at $name:$line ended with exit code $?" >&2
    exit 1
  }
done
echo "run_readme: ${#blocks[@]} blocks of $name ran"
