#!/usr/bin/env bash
# clang-tidy over the sources of a build tree, two at a time: tidy.sh BUILD_TREE [CLANG_TIDY [FOLDER]...]
set -euo pipefail
tree=$1
clang_tidy=${2:-clang-tidy}
folders=("${@:3}")
command -v "$clang_tidy" >/dev/null || {
  echo "tidy: $clang_tidy is not installed (scripts/install_packages.sh --with-tools)" >&2
  exit 2
}

# What nvcc compiles, clang-tidy 14 cannot read; the same kernels are compiled as C++ for the emulated GPU. A source that is
# compiled twice is looked at once.
mkdir -p "$tree/tidy"
python3 - "$tree" "${folders[@]}" <<'PYTHON'
import json, os, sys
tree, folders = sys.argv[1], tuple(os.path.abspath(folder) + "/" for folder in sys.argv[2:])
entries = json.load(open(f"{tree}/compile_commands.json"))
by_file = {entry["file"]: entry for entry in entries if "nvcc" not in entry["command"].split(" ")[0] and (not folders or entry["file"].startswith(folders))}
json.dump(list(by_file.values()), open(f"{tree}/tidy/compile_commands.json", "w"), indent=0)
PYTHON
tree=$tree/tidy
mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$tree/compile_commands.json" | sort -u)
((${#sources[@]})) || { echo "tidy: $tree names no sources" >&2; exit 1; }

# Standard error holds nothing but counts of warnings in system headers, which are not shown, and broken sources.
shims=$(realpath "$(dirname "$0")/../cmake/clang")
if printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P 2 "$clang_tidy" -p "$tree" --quiet --extra-arg=-isystem"$shims" \
      2> >(grep -vE '^[0-9]+ warnings?.* (generated|treated)' >&2); then
  echo "tidy: ${#sources[@]} sources, nothing found"
else
  echo "tidy: FAILED, see above" >&2
  exit 1
fi
