#!/usr/bin/env bash
# The Debian packages that a built program needs where it runs, one a line: those of the libraries that it is linked to,
# and what starts it in several processes if MPI is among them. runtime_packages.sh PROGRAM...
set -euo pipefail
(($#)) || { echo "usage: ${0##*/} PROGRAM..." >&2; exit 2; }
PATH=$PATH:/sbin:/usr/sbin  # ldconfig

libraries=$(for program in "$@"; do objdump -p "$program"; done | awk '$1 == "NEEDED" { print $2 }' | sort -u)
known=$(ldconfig -p)
paths=()
for library in $libraries; do
  path=$(awk -v name="$library" '$1 == name { print $NF; exit }' <<<"$known")
  [[ $path ]] || { echo "runtime_packages: there is no $library" >&2; exit 1; }
  # A package may know its file by the name that it had before /lib became a link to /usr/lib.
  paths+=("/usr${path#/usr}" "${path#/usr}")
done

owners=$(dpkg-query -S "${paths[@]}" 2>/dev/null || true)  # "libfmt9:amd64: /usr/lib/...", of one of each two paths
for library in $libraries; do
  owner=$(awk -F ': ' -v end="/$library" 'substr($2, length($2) - length(end) + 1) == end { print $1; exit }' <<<"$owners")
  [[ $owner ]] || { echo "runtime_packages: $library is of no package" >&2; exit 1; }
  echo "${owner%%[:,]*}"
  if [[ $library == libmpi.so.* ]]; then echo openmpi-bin; fi
done | sort -u
