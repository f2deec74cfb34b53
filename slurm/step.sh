# shellcheck shell=bash
# What cpu.sbatch and gpu.sbatch have in common: which job file, how many threads, the step with its ranks, and what
# follows from its exit code. They source it with their own arguments; HEADSWEEP_HOME is headsweep's folder, and
# device_options, if it is set, comes before the user's own options, which so can overrule it.
set -uo pipefail
[[ -v device_options ]] || device_options=()

job=$SLURM_JOB_ID
# An array's own number stands for all of its tasks, and it is SLURM_JOB_ID of one of them too.
[[ ${SLURM_ARRAY_TASK_ID:-} ]] && job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

say() { echo "job $job, $(date '+%F %T'): $*"; }
refuse() { echo "headsweep: $*" >&2; exit 2; }

# In the repository, or where it is installed: this is PREFIX/share/headsweep then.
program=${HEADSWEEP:-$HEADSWEEP_HOME/build/headsweep}
[[ -n ${HEADSWEEP:-} || -x $program || ! -x $HEADSWEEP_HOME/../../bin/headsweep ]] || program=$HEADSWEEP_HOME/../../bin/headsweep
[[ -x $program ]] || refuse "no program at $program; build it there (make), or export HEADSWEEP=PROGRAM before sbatch"

# --- The job file. Arguments up to the first option are job files, one for each task of an array.
files=()
while (($#)) && [[ $1 != -* ]]; do files+=("$1"); shift; done
((${#files[@]})) || refuse "no job file; usage: sbatch slurm/cpu.sbatch JOB.yaml [options of headsweep run]"
if [[ ${SLURM_ARRAY_TASK_ID:-} ]]; then
  ((SLURM_ARRAY_TASK_ID < ${#files[@]})) || refuse "array task $SLURM_ARRAY_TASK_ID has no job file: tasks count from 0," \
    "and these are ${#files[@]} files; for all of them: sbatch --array=0-$((${#files[@]} - 1))"
  file=${files[SLURM_ARRAY_TASK_ID]}
else
  ((${#files[@]} == 1)) || refuse "${#files[@]} job files, but no array; sbatch --array=0-$((${#files[@]} - 1)) runs them all"
  file=${files[0]}
fi

# --- Threads of a rank. Slurm writes numbers per node as 4(x2),8: the node with the fewest CPUs to a rank decides.
cpus_per_node=$(tr , '\n' <<<"$SLURM_JOB_CPUS_PER_NODE" | cut -d'(' -f1 | sort -n | head -n 1)
ranks_per_node=$(tr , '\n' <<<"$SLURM_TASKS_PER_NODE" | cut -d'(' -f1 | sort -n | tail -n 1)
threads=${SLURM_CPUS_PER_TASK:-$((cpus_per_node / ranks_per_node))}
((threads)) || threads=1
export OMP_NUM_THREADS=$threads
# A rank of OpenMPI that waits keeps a CPU busy. That is fastest if the CPU is its own; if not, a message takes
# thousands of times longer than with yielding, and under srun OpenMPI does not notice by itself that CPUs are shared.
((ranks_per_node > cpus_per_node)) && export OMPI_MCA_mpi_yield_when_idle=1
# Slurm's own default is `none`, with which every rank believes itself to be alone. Another interface (pmix_v4, or the
# one of a vendor's MPI): export SLURM_MPI_TYPE before sbatch.
export SLURM_MPI_TYPE=${SLURM_MPI_TYPE:-pmix}

# --- Signals come to this shell alone (--signal=B:). USR1: the time limit is near. TERM: Slurm ends the job.
warned=no ended=no
trap warned=yes USR1
trap ended=yes TERM

restarts=${SLURM_RESTART_COUNT:-0}
printf -v shown %q "$file"  # a log is read in a terminal
say "start $((restarts + 1)) of $shown on $SLURM_JOB_NODELIST, ranks: $SLURM_NTASKS, threads of each: $threads"
# A node that died and came back may still have the socket of this job's former step (slurmd's spool folder), and then
# refuses a step of the same number. So every start uses up the numbers of those before it.
for ((used = 0; used < restarts; ++used)); do srun --mpi=none --nodes=1 --ntasks=1 true; done
# --cpus-per-task: srun does not take it over from sbatch (Slurm 22.05 and later).
srun --kill-on-bad-exit=1 --cpus-per-task="$threads" "$program" run "$file" "${device_options[@]}" "$@" &
step=$!
while kill -0 "$step" 2>/dev/null; do
  if [[ $warned$ended == *yes* ]]; then
    # srun hands USR1 on to every rank, but loses it while it is still starting them. Asking again does no harm.
    kill -USR1 "$step" 2>/dev/null
    sleep 1
  else
    wait "$step"  # until its end or a signal
  fi
done
wait "$step"
code=$?

# --- What follows. 75: stopped on request, to go on later. A rank that does not watch for signals yet dies of USR1.
[[ $warned == yes ]] && ((code > 128)) && code=75
((code == 75)) || exit "$code"
# Slurm ended the job because it was cancelled, or because it starts it again by itself (requeued, preempted, a node was
# lost). To requeue it here as well would bring a cancelled job back. Only a job that ran out of time needs it.
if [[ $ended == yes && $(scontrol --oneliner show job "$job") != *" Reason=TimeLimit "* ]]; then
  say "stopped by Slurm; whenever it is started again, it goes on"
elif scontrol requeue "$job"; then
  say "stopped and requeued; it will go on"
else
  say "stopped, but cannot be requeued: submit it again and it goes on"
fi
exit 75
