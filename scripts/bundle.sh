#!/usr/bin/env bash
# bundle.sh BUILD_TREE OUT: makes OUT/headsweep-VERSION, a folder that runs wherever it is put on an x86-64 Linux, and an
# archive of it. In it: the program (without MPI, see below), the CUDA plugin if it was built, their libraries, the tests of
# the kernels, the golden files, the demo job, and gpu-acceptance.sh, which runs all of that.
#
# Left out, since it is larger than all the rest but the models: oneDNN. The programs are linked for the bundle and do without
# it on every processor (cmake/Bundle.cmake).
#
# Left to the machine: glibc (which belongs to its kernel and name services) and what belongs to its GPU: the driver,
# cuBLASLt, cuDNN, NCCL. And MPI: an MPI must fit the machine's launcher and network, one of ours would start on no cluster,
# and one GPU needs none. Programs find their libraries by an RPATH (cmake/Bundle.cmake).
set -euo pipefail
cd "$(dirname "$0")/.."

tree=${1:?usage: scripts/bundle.sh BUILD_TREE OUT} out=${2:?usage: scripts/bundle.sh BUILD_TREE OUT}
most_bytes=60000000  # of the folder
newest_glibc=2.36  # Debian 12's

# Shared libraries that are not shipped.
of_glibc='ld-linux-x86-64\.so\.2|lib(c|m|dl|rt|pthread|util|resolv)\.so\.[0-9]+'
of_cuda='lib(cuda|cublas|cublasLt|cudnn|nccl)\.so\.[0-9]+'

fail() { echo "bundle: $*" >&2; exit 1; }

version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$tree/CMakeCache.txt")
bundle=$out/headsweep-$version
rm -rf "$bundle"
mkdir -p "$bundle"/{bin,lib/headsweep,jobs,tests/bench}

copy_programs() {
  local program
  install --strip "$tree/pipeline/headsweep_alone" "$bundle/bin/headsweep"
  for program in "$tree"/bundled/kernels_*_test; do
    install --strip "$program" "$bundle/tests"
  done
  if [[ -e $tree/pipeline/libheadsweep_cuda.so ]]; then
    install --strip "$tree/pipeline/libheadsweep_cuda.so" "$bundle/lib/headsweep"
    # What gpu-acceptance.sh looks for.
    needed_by "$bundle/lib/headsweep/libheadsweep_cuda.so" | grep -xE "$of_cuda" >"$bundle/lib/headsweep/cuda-libraries.txt" || true
  fi
}

copy_data() {
  cp LICENSE tests/acceptance/gpu-acceptance.sh "$bundle"
  cp -r tests/data tests/acceptance "$bundle/tests"
  rm -rf "$bundle"/tests/acceptance/{__pycache__,gpu-acceptance.sh}
  cp tests/bench/*.py "$bundle/tests/bench"
  cp -r jobs/demo.yaml jobs/demo-model jobs/reference "$bundle/jobs"
  copy_licences
}

# Of what lies inside of the programs, where Debian has put them.
copy_licences() {
  local package
  for package in libhdf5-dev libgtest-dev; do
    [[ ! -e /usr/share/doc/$package/copyright ]] ||
      install -D --mode 644 "/usr/share/doc/$package/copyright" "$bundle/licences/$package.txt"
  done
}

# Of the bundle: programs and libraries.
programs() { find "$bundle" -type f \( -name '*.so*' -o -path "$bundle/bin/*" -o -name 'kernels_*_test' \); }

needed_by() { readelf -d "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }

# What ldd finds here for the programs, all the way down.
copy_libraries() {
  local name path
  programs | xargs -n 1 ldd | sed -n 's/^\t\(\S*\) => \(\/\S*\) .*/\1 \2/p' | sort -u | while read -r name path; do
    [[ $name =~ ^($of_glibc)$ || $name =~ ^($of_cuda)$ || $path == *"/cuda"* || -e $bundle/lib/$name ]] ||
      install --mode 644 "$path" "$bundle/lib/$name"
  done
}

# In the build tree programs also look where CMake found the libraries: in the bundle only in ../lib.
set_rpaths() {
  local program
  for program in "$bundle"/bin/* "$bundle"/tests/*_test; do
    printf 'file(RPATH_SET FILE "%s" NEW_RPATH "$ORIGIN/../lib")\n' "$(realpath "$program")"
  done >"$bundle/rpaths.cmake"
  cmake -P "$bundle/rpaths.cmake" >"$bundle/rpaths.log" 2>&1 || fail "$(cat "$bundle/rpaths.log")"
  rm "$bundle"/rpaths.*
}

check_libraries() {
  local name newest files
  mapfile -t files < <(programs)
  for name in $(needed_by "${files[@]}"); do
    [[ $name =~ ^($of_glibc)$ || -e $bundle/lib/$name ]] ||
      [[ $name =~ ^($of_cuda)$ && -n $(needed_by "$bundle"/lib/headsweep/*.so | grep -x "$name") ]] ||
      fail "$name is needed and not in the bundle"
  done
  ! ldd "$bundle"/bin/* "$bundle"/tests/*_test | sed -n 's/^\t\(\S*\) => \(.*\) (.*/\1 \2/p' | grep -v "/headsweep-$version/" |
    grep -vE "^($of_glibc) " || fail "these are found outside of the bundle"
  newest=$(programs | xargs readelf -V | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -n 1)
  glibc=${newest#GLIBC_}
  [[ $(printf '%s\n' "$glibc" "$newest_glibc" | sort -V | tail -n 1) == "$newest_glibc" ]] ||
    fail "needs glibc $glibc, newer than $newest_glibc"
}

write_readme() {
  local plugin="libheadsweep_cuda.so is in lib/headsweep; it wants: $(needed_by "$bundle"/lib/headsweep/*.so | grep -xE "$of_cuda" | tr '\n' ' ')and the driver"
  [[ -e $bundle/lib/headsweep/libheadsweep_cuda.so ]] || plugin="without the CUDA plugin, which was not built: CPUs only"
  cat >"$bundle/README.txt" <<README
headsweep $("$bundle/bin/headsweep" --version), a bundle that runs where it lies: x86-64 Linux with glibc $glibc or newer, without root, without MPI.
($plugin)

  ./gpu-acceptance.sh                       everything that matters on a GPU, in one go: at most 10 minutes
  ./gpu-acceptance.sh --quick               the same with small models: a minute
  ./gpu-acceptance.sh --device cpu --quick  to try it where no GPU is
  bin/headsweep run jobs/demo.yaml          one job

gpu-acceptance.sh needs python3, of which only the standard library; with PyTorch, it compares with it. CUDA's libraries are
looked for where the system's loader looks, in /usr/local/cuda*, and in Python's nvidia-* packages. It writes
acceptance.log (everything) and acceptance.json (each step: ok, failed or skipped, seconds, numbers) into the folder from
which it is called (--out changes that), and ends with 0 only if no step failed.

tests/ has the tests of the kernels, the golden files (what the reference implementation found) and the benchmarks' scripts.
lib/ has Debian's libraries as they are, each under its own licence (https://sources.debian.org); licences/ has those of
what is inside of the programs. oneDNN, which headsweep has for bfloat16 on processors with AMX, is left out for its size: own
products for AVX512-BF16 stand in for it, more slowly.
README
}

check_size() {
  local bytes
  bytes=$(du --summarize --bytes "$bundle" | cut -f 1)
  ((bytes <= most_bytes)) || fail "$bundle has $bytes bytes, more than $most_bytes; the largest files:
$(find "$bundle" -type f -printf '%s %P\n' | sort -rn | head -n 10)"
  echo "bundle: $bundle ($((bytes / 1000000)) MB), needs glibc $glibc"
}

# The same files give the same archive. xz, which Python's tarfile can unpack as well (gzip's is a fifth larger).
archive() {
  local file=$bundle.tar.xz
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$out" -c "headsweep-$version" | xz -2 -T 0 >"$file"
  echo "bundle: $file ($(($(stat -c %s "$file") / 1000000)) MB)"
}

copy_programs
copy_data
copy_libraries
set_rpaths
check_libraries
write_readme
check_size
[[ ${HEADSWEEP_BUNDLE_ARCHIVE:-1} == 0 ]] || archive
