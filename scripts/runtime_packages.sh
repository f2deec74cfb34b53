#!/usr/bin/env bash
# The Debian packages that a built program needs where it runs, one a line: those of the libraries that it is linked to,
# and what starts it in several processes if MPI is among them. runtime_packages.sh PROGRAM...
set -euo pipefail
(($#)) || { echo "usage: ${0##*/} PROGRAM..." >&2; exit 2; }

PATH=$PATH:/sbin:/usr/sbin  # ldconfig
libraries=$(for program in "$@"; do objdump -p "$program"; done | awk '$1 == "NEEDED" { print $2 }' | sort -u)
for library in $libraries; do
  path=$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')
  [[ $path ]] || { echo "runtime_packages: there is no $library" >&2; exit 1; }
  # The package may know the file by the name that it had before /lib became a link to /usr/lib.
  owner=$(dpkg-query -S "$path" "${path#/usr}" "/usr$path" 2>/dev/null | head -n 1) || true
  [[ $owner ]] || { echo "runtime_packages: $path is of no package" >&2; exit 1; }
  echo "${owner%%[:,]*}"
  if [[ $library == libmpi.so.* ]]; then echo openmpi-bin; fi
done | sort -u
