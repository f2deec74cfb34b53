#!/usr/bin/env bash
# Four ranks of the program under valgrind, on a small job: memcheck.sh BUILD_TREE. Fails on an error or a leak that
# tests/memcheck/*.supp does not explain.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "$1")/pipeline/headsweep
for tool in valgrind mpirun; do
  command -v $tool >/dev/null || {
    echo "memcheck: $tool is not installed (scripts/install_packages.sh --with-tools)" >&2
    exit 2
  }
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/job.yaml" <<YAML
model: {path: $PWD/tests/data/models/tiny-a}
families:
  - {name: even, file: $PWD/tests/data/golden/families/even.json}
  - {name: step3, file: $PWD/tests/data/golden/families/step3.json}
search: {threshold: 3}
run: {output: runs, precision: fp64}
YAML

# Open MPI brings suppressions for what it leaves on purpose; ours name what else is not ours, and why.
theirs=$(find /usr/share/openmpi -name openmpi-valgrind.supp 2>/dev/null | head -n 1)
ours=()
for file in "$PWD"/tests/memcheck/*.supp; do ours+=("--suppressions=$file"); done

environment=(
  OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp
  OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_oob=tcp
  OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_plm_rsh_agent=/bin/false
)
cd "$folder"
if env "${environment[@]}" mpirun -n 4 valgrind --error-exitcode=1 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --num-callers=40 --gen-suppressions=all --log-file="$folder/rank.%p.txt" \
    ${theirs:+--suppressions="$theirs"} "${ours[@]}" "$program" run job.yaml </dev/null >"$folder/output.txt" 2>&1; then
  tail -n 3 "$folder/output.txt"
  echo "memcheck: four ranks, no error and no leak: $(grep -h 'ERROR SUMMARY' "$folder"/rank.*.txt | sed 's/.*ERROR/ERROR/' | sort | uniq -c | tr -s ' ')"
else
  cat "$folder/output.txt" "$folder"/rank.*.txt >&2
  echo "memcheck: FAILED, see above" >&2
  exit 1
fi
