#!/bin/sh
# Checks and times headsweep on this machine's GPU: everything that is in the bundle (README.txt), and what came out.
#
#   gpu-acceptance.sh [--quick] [--device cuda|cpu] [--out FOLDER] [--limit SECONDS] [--only PATTERN]
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ ! -e "$here/tests/acceptance/acceptance.py" ]; then
  echo "gpu-acceptance.sh: it belongs into a bundle: make bundle, then call the one in build/bundle/headsweep-*" >&2
  exit 2
fi
if ! command -v python3 >/dev/null; then
  echo "gpu-acceptance.sh: needs python3 (its standard library only), which is not here" >&2
  exit 2
fi
exec python3 -B "$here/tests/acceptance/acceptance.py" "$@"
