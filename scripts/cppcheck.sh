#!/usr/bin/env bash
# cppcheck over the program's own sources, two at a time: cppcheck.sh BUILD_TREE
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$1
command -v cppcheck >/dev/null || {
  echo "cppcheck: not installed (scripts/install_packages.sh --with-tools)" >&2
  exit 2
}

# Without foreign headers, which it need not know, and without what is a matter of taste. What nvcc compiles is read as C++ by
# the emulated GPU's build, under the sanitizers.
cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr --quiet -j 2 -I . \
  --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro --suppressions-list=scripts/cppcheck.suppressions \
  --template='{file}:{line}: {severity}: {message} [{id}]' --error-exitcode=1 \
  --cppcheck-build-dir="$(mkdir -p "$tree/cppcheck" && echo "$tree/cppcheck")" \
  -i kernels/cuda io kernels model pipeline || {
  echo "cppcheck: FAILED, see above" >&2
  exit 1
}
echo "cppcheck: nothing found"
