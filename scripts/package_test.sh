#!/usr/bin/env bash
# package_test.sh FOLDER: whether the Debian packages of FOLDER (make package) serve somebody who has nothing else: installs
# them in a clean root of this Debian, runs the demo there as an ordinary user, and removes them again.
# Without root or mmdebstrap: skipped, or failed with HEADSWEEP_REQUIRE_TOOLS=1.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: scripts/package_test.sh FOLDER_OF_PACKAGES}
installed=/usr/share/headsweep
log=$(mktemp)
root=$(mktemp -d)
trap 'rm -rf "$root" "$log"' EXIT

fail() { echo "package: FAILED, $*" >&2; exit 1; }
skip() {
  [[ ${HEADSWEEP_REQUIRE_TOOLS:-0} != 1 ]] || fail "$* (HEADSWEEP_REQUIRE_TOOLS=1)"
  echo "package: SKIPPED, $*"
  exit 0
}

# Quietly, unless it fails.
step() {
  local start=$SECONDS what=$1
  shift
  # In the background: as a condition's part, a function would not end at its first mistake.
  "$@" >"$log" 2>&1 </dev/null &
  wait $! || { tail -n 30 "$log" >&2; fail "$what"; }
  echo "package: $what ($((SECONDS - start)) s)"
}

path=/usr/sbin:/usr/bin:/sbin:/bin
inside() { env -i PATH=$path LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
# With /proc, by which the program looks after its files; of a name space that ends with the command.
as_user() {
  unshare --mount sh -c "mount --bind /proc $root/proc && exec \"\$@\"" sh \
    env -i PATH=$path HOME=/home/user chroot --userspec=user:user "$root" sh -ec "cd ~/empty && $*"
}

# Where this machine gets Debian from.
sources() {
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) main' 'Created-By: Packages' 'Component: main' | sort -u |
    grep -E " $release(-updates|-security)? "
}

# The smallest with apt. With its lists of packages, which are fetched once; unsafe: it will be thrown away.
make_root() {
  sources | mmdebstrap --variant=apt --skip=cleanup/apt/lists --dpkgopt=force-unsafe-io "$release" "$root" -
  inside useradd --create-home user
  inside install --directory --owner=user --group=user /home/user/empty
}

install_packages() {
  cp "$folder"/*.deb "$root/tmp"
  # apt's own user may not read /tmp, so that it would warn of each file.
  inside sh -c 'apt-get -qq -o APT::Sandbox::User=root install -y --no-install-recommends /tmp/*.deb'
}

run_demo() {
  # As the manual says: copied, since results are written beside the jobs; and in place, with another output.
  as_user "cp -r $installed/jobs . && headsweep run jobs/demo.yaml" | grep 'circuit: 7 of 48 heads'
  as_user "headsweep run $installed/jobs/demo.yaml --set run.output=\$PWD/results" | grep 'circuit: 7 of 48 heads'
  as_user "ls results/demo/*.h5 runs/demo/*.h5"
  as_user "headsweep model $installed/jobs/demo-model"
  ! as_user "headsweep run $installed/jobs/demo.yaml" || fail "an ordinary user may write to $installed"
}

check_versions() {
  as_user "headsweep version --json" >"$root/version.json"
  python3 - "$(as_user 'headsweep --version')" "$root/version.json" "$root"/usr/lib/headsweep/*.so <<'PYTHON'
import json, pathlib, sys
program, path, plugin = sys.argv[1:]
found = json.loads(pathlib.Path(path).read_text())
assert found["program"] == program, (found["program"], program)
assert found["libraries"]["MPI"] and found["libraries"]["HDF5"], found
# The plugin is found, and wants what NVIDIA ships.
assert "/usr/lib/headsweep/libheadsweep_cuda.so cannot be loaded" in found["without_cuda"] or "*" in plugin, found
PYTHON
}

check_texts() {
  zcat "$root/usr/share/man/man1/headsweep.1.gz" >"$root/headsweep.1"
  [[ ! $(groff -man -ww -z "$root/headsweep.1" 2>&1) ]] || fail "groff complains of the manual's page"
  inside bash -c 'source /usr/share/bash-completion/completions/headsweep
    COMP_WORDS=(headsweep report --format m) COMP_CWORD=3; _headsweep; [[ ${COMPREPLY[*]} == md ]]'
}

remove_packages() {
  local left
  inside apt-get -qq purge -y 'headsweep*'
  left=$(find "$root" -path "$root/home" -prune -o -path "$root/tmp" -prune -o -path "$root/headsweep.1" -prune -o -path "$root/var/log" -prune -o -name '*headsweep*' -print)
  [[ ! $left ]] || fail "removed, but there is still: $left"
}

compgen -G "$folder/headsweep_*.deb" >/dev/null || fail "no package in $folder: make package"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed (scripts/install_packages.sh --with-tools)"
((EUID == 0)) || skip "a clean root can be made by root alone"
unshare --mount true 2>/dev/null || skip "unshare is refused here"
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[[ $release ]] || skip "this is no release of Debian's"

step "a clean root of $release" make_root
step "installed by apt" install_packages
step "the demo, by an ordinary user" run_demo
step "versions" check_versions
step "the manual's page, and the completion" check_texts
step "removed, and nothing is left" remove_packages
