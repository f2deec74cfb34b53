#!/usr/bin/env bash
# Runs the commands of containers/Dockerfile where there is no Docker: in two bare Debian 12 systems that debootstrap makes in
# FOLDER, then the demo in the second, alone and on two ranks. As root, with a Debian mirror: try_in_chroot.sh FOLDER [MIRROR]
# HEADSWEEP=PROGRAM, of a Debian 12 too, stands in for the compilation.
set -euo pipefail
cd "$(dirname "$0")/.."
(($# == 0 || EUID)) && { echo "usage, as root: ${0##*/} FOLDER [MIRROR]" >&2; exit 2; }
folder=$1 mirror=${2:-}  # empty: debootstrap's own

inside() {
  echo "=== ${1##*/}: $2"
  chroot "$1" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive \
    bash -euo pipefail -c "cd ${3:-/} && $2"
}
# The RUN lines of a stage, 1 or 2.
commands() { awk -v stage="$1" '/^FROM/ { ++now } /^RUN / && now == stage { sub(/^RUN /, ""); print }' containers/Dockerfile; }

mkdir -p "$folder"
debootstrap --variant=minbase bookworm "$folder/build" ${mirror:+"$mirror"} >"$folder/debootstrap.log"
cp /etc/resolv.conf "$folder/build/etc/"
cp -a "$folder/build" "$folder/final"
trap 'umount "$folder"/{build,final}/{proc,sys} 2>/dev/null || true' EXIT
for system in build final; do
  mount -t proc proc "$folder/$system/proc"
  mount -t sysfs sys "$folder/$system/sys"
done

mkdir "$folder/build/src"
git ls-files -z | tar --null -cf - -T - .git | tar xf - -C "$folder/build/src"
while read -r command; do
  if [[ $command == "cmake --build"* && ${HEADSWEEP:-} ]]; then
    echo "=== build: $HEADSWEEP stands in for: $command"
    install -D "$HEADSWEEP" "$folder/build/src/build/mpi/pipeline/headsweep"
  else
    inside "$folder/build" "$command" /src </dev/null
  fi
done < <(commands 1)
cp "$folder/build/src/runtime-packages" "$folder/final/tmp/"
while read -r command; do inside "$folder/final" "$command" </dev/null; done < <(commands 2)
cp "$folder/build/src/build/mpi/pipeline/headsweep" "$folder/final/usr/local/bin/"
cp -r jobs "$folder/final/tmp/"
root="export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none"
inside "$folder/final" "headsweep run jobs/demo.yaml --set run.output=/tmp/alone" /tmp
inside "$folder/final" "$root; mpirun -np 2 headsweep run jobs/demo.yaml --set run.output=/tmp/two" /tmp
echo "try_in_chroot: all commands of containers/Dockerfile ran; the second system takes $(du -shx "$folder/final" | cut -f1)"
