#!/usr/bin/env bash
# A private Slurm for tests: munged, slurmctld and two pretend nodes on this machine, n1 and n2, each with two sockets of
# two cores of two hardware threads, and two GPUs. All of it lies below one folder; ports are free ones; neither systemd,
# /etc/slurm nor cgroups are touched, so several may run side by side, and beside a real Slurm. It needs root and Debian's
# slurm-wlm and munge.
#
#   slurm_fixture.sh start DIR         up in about a second; exit 77: this machine does not let us make pretend nodes
#   slurm_fixture.sh env DIR           prints what a test has to export
#   slurm_fixture.sh crash DIR NODE    the node's processes are gone at once, as when its power fails
#   slurm_fixture.sh boot DIR NODE     and it comes back
#   slurm_fixture.sh guard DIR         waits for the end of its input, then stops: for a parent that may be killed
#   slurm_fixture.sh stop DIR          jobs cancelled, daemons ended; logs stay in DIR/log
set -euo pipefail
usage() { sed -n '/^#   /s/^# *//p' "$0" >&2; exit 2; }
(($# >= 2)) || usage
command=$1 dir=$2 node=${3:-}
[[ $command == start ]] && mkdir -p "$dir"
[[ -d $dir ]] || exit 0
dir=$(cd "$dir" && pwd)
export PATH=$PATH:/usr/sbin:/sbin SLURM_CONF=$dir/etc/slurm.conf
nodes=(n1 n2)

# The sockets below DIR (DIR/spool/n1/stepd.slurm.pmix.JOB.STEP) have to fit into the 107 bytes of a socket's name.
((${#dir} <= 50)) || { echo "slurm_fixture: too long for Unix sockets (over 50 characters): $dir" >&2; exit 2; }

free_ports() {  # COUNT
  python3 -c '
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))' "$1"
}

write_conf() {
  local ports node
  read -r -a ports <<<"$(free_ports $((${#nodes[@]} + 1)))"
  cat >"$SLURM_CONF" <<END
ClusterName=fixture
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny
AuthType=auth/munge
# A requeued job may not start before its old credential has expired: 120 s, unless told otherwise. 5 is the least that
# is taken; less means 120 again, without a word.
AuthInfo=socket=$dir/run/munge.sock,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
# A folder for each node, or the nodes' PMIx servers fight over one ("File exists").
TmpFS=$dir/tmp/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MailProg=/bin/true
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# OpenMPI names its files after job ids: they must differ from those of a fixture beside this one.
FirstJobId=$((1000 + RANDOM * 100))
# The processors and the memory below are believed, whatever the machine has.
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1,sched_min_interval=0
ReturnToService=2
JobRequeue=1
# Time for a program to stop between SIGTERM and SIGKILL, and how long an ended job can be asked about.
KillWait=10
MinJobAge=3600
SlurmctldTimeout=30
SlurmdTimeout=300
GresTypes=gpu
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
  for ((node = 0; node < ${#nodes[@]}; ++node)); do
    echo "NodeName=${nodes[node]} NodeHostname=${nodes[node]} NodeAddr=127.0.0.1 Port=${ports[node + 1]} Sockets=2" \
      "CoresPerSocket=2 ThreadsPerCore=2 RealMemory=4096 Gres=gpu:2 State=UNKNOWN" >>"$SLURM_CONF"
  done
  echo 'CgroupAutomount=no' >"$dir/etc/cgroup.conf"
  # Null devices pose as GPUs: enough for CUDA_VISIBLE_DEVICES to be handed out.
  echo "Name=gpu File=$dir/dev/gpu[0-1]" >"$dir/etc/gres.conf"
  for number in 0 1; do mknod "$dir/dev/gpu$number" c 1 3; done
}

# A host name of its own makes MPI see a node where slurmd runs: without it OpenMPI reaches for shared memory across
# the nodes, and crashes. /dev/shm and the process ids are the node's own too, and end with it.
namespaces=(unshare --uts --mount --pid --fork --kill-child --mount-proc)

boot() {  # NODE
  # shellcheck disable=SC2016  # the inner shell's variables
  setsid "${namespaces[@]}" sh -c \
    'hostname "$1" && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && exec slurmd -D -N "$1" -f "$2"' \
    sh "$1" "$SLURM_CONF" </dev/null >>"$dir/log/slurmd-$1.start" 2>&1 &
  echo $! >"$dir/run/$1.pid"
}

running() {  # PIDFILE: of a process of ours, not of a later one with its number, nor one that only waits to be reaped
  local pid
  pid=$(cat "$1" 2>/dev/null) && grep -qs '^State:[[:space:]]*[^Z]' "/proc/$pid/status" &&
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$dir"
}

end() {  # SIGNAL PIDFILE
  if running "$2"; then
    kill "-$1" "$(cat "$2")" 2>/dev/null || true
    for _ in {1..50}; do running "$2" || break; sleep 0.1; done
    if running "$2"; then kill -KILL "$(cat "$2")" 2>/dev/null || true; fi
  fi
  rm -f "$2"
}

idle_nodes() { sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | sort -u | wc -l; }

start() {
  "${namespaces[@]}" true 2>/dev/null || { echo "slurm_fixture: no namespaces of our own here (unshare)" >&2; exit 77; }
  if running "$dir/run/slurmctld.pid"; then echo "slurm_fixture: runs already in $dir" >&2; exit 1; fi
  trap '[[ $? == 0 ]] || "$0" stop "$dir"' EXIT  # what could not start wholly leaves nothing behind
  mkdir -p "$dir"/{dev,etc,log,run,state,tmp} "$dir"/{spool,tmp}/{n1,n2}
  chmod 755 "$dir" "$dir"/*  # munged refuses a socket below a folder that others may write to
  chmod 700 "$dir/etc"
  (umask 077 && head -c 1024 /dev/urandom >"$dir/etc/munge.key")
  munged --key-file="$dir/etc/munge.key" --socket="$dir/run/munge.sock" --pid-file="$dir/run/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/state/munge.seed" --num-threads=2
  write_conf
  slurmctld -f "$SLURM_CONF" -c >>"$dir/log/slurmctld.start" 2>&1
  for node in "${nodes[@]}"; do boot "$node"; done
  for _ in {1..150}; do
    [[ $(idle_nodes) == "${#nodes[@]}" ]] && return
    sleep 0.1
  done
  echo "slurm_fixture: $(idle_nodes) of ${#nodes[@]} nodes came up" >&2
  tail -n 15 "$dir"/log/* >&2
  exit 1
}

stop() {
  if running "$dir/run/slurmctld.pid"; then
    scancel --full --user=root 2>/dev/null || true
    for _ in {1..50}; do [[ $(squeue --noheader 2>/dev/null) ]] || break; sleep 0.1; done
  fi
  for node in "${nodes[@]}"; do end KILL "$dir/run/$node.pid"; done
  end TERM "$dir/run/slurmctld.pid"
  end TERM "$dir/run/munged.pid"
}

case $command in
  start) start ;;
  stop) stop ;;
  guard) cat >/dev/null; stop; rm -rf "$dir" ;;
  boot) boot "$node" ;;
  crash) end KILL "$dir/run/$node.pid" ;;
  env)
    # Root, more ranks than cores, no network but the loopback (docs/clusters.md says which setting is for what).
    cat <<END
export SLURM_CONF='$SLURM_CONF'
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_orte_tmpdir_base='$dir/tmp'
END
    ;;
  *) usage ;;
esac
