#!/usr/bin/env bash
# Installs what is missing of the Debian packages that headsweep is built from; where all is there, it needs neither
# root nor apt. `--with-tools` adds what only a contributor needs. Exit 2: something is missing and cannot be installed.
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config git
  libfmt-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
  libhdf5-dev hdf5-tools libssl-dev libpcre2-dev libutf8proc-dev
  libopenmpi-dev openmpi-bin                # several processes: mpirun, srun
  libdnnl-dev ocl-icd-opencl-dev            # dnnl's CMake files want OpenCL, which libdnnl-dev only recommends
  libgtest-dev libgmock-dev
  python3 python3-numpy python3-h5py        # the tests read run files with h5py
)
tools=(
  clang libclang-rt-dev clang-format clang-tidy libomp-dev  # sanitizers, fuzzers, coverage
  llvm cppcheck valgrind
  chromium fonts-dejavu-core                # a browser for the report's test
  python3-pandas python3-matplotlib         # for the code of docs/python.md
  slurm-wlm munge                           # tests/slurm runs the batch scripts on a Slurm of its own
  mmdebstrap                                # a clean root, in which the Debian packages are installed
  groff-base zsh fish                       # the manual's page and the completions are tried
)

case "${1:-}" in
  "") ;;
  --with-tools) packages+=("${tools[@]}") ;;
  *) echo "usage: ${0##*/} [--with-tools]" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "packages: not a Debian system, so nothing was checked; headsweep needs what Debian calls: ${packages[*]}"
  exit 0
fi

installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "${packages[@]}" 2>/dev/null || true)"
missing=()
for package in "${packages[@]}"; do
  [[ $installed == *" installed=$package "* ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

install=(apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}")
give_up() {
  echo "packages: $1; ask an administrator to run:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 2
}

as_root=(env DEBIAN_FRONTEND=noninteractive)
if ((EUID)); then
  command -v sudo >/dev/null || give_up "${#missing[@]} missing, and this is neither root nor is there sudo"
  sudo -v || give_up "${#missing[@]} missing, and sudo was refused"
  as_root=(sudo "${as_root[@]}")
fi

echo "packages: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine are empty or old: they are fetched only if the first try fails.
if ! "${as_root[@]}" "${install[@]}" >"$log" 2>&1 </dev/null; then
  { "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120 update &&
    "${as_root[@]}" "${install[@]}"; } >>"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    give_up "apt-get failed (its last lines are above)"
  }
fi
