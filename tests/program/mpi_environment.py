"""Starts several ranks of the program quietly, also as root and on a machine with fewer cores than ranks."""
import glob
import os
import shutil
import signal
import subprocess
import time
import unittest

from headsweep_program import PROGRAM, ProgramTest

MPIRUN = os.environ.get("HEADSWEEP_MPIRUN") or shutil.which("mpirun")

QUIET = {
    # mpirun refuses root unless it is told twice.
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    # More ranks than cores; one that waits gives its core away, and none is tied to a core that others need.
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    # Nothing but memory and the loop-back network: no search for fabrics, no look into other processes' memory.
    "OMPI_MCA_pml": "ob1", "OMPI_MCA_btl": "self,vader,tcp", "OMPI_MCA_btl_tcp_if_include": "lo",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_MCA_oob": "tcp", "OMPI_MCA_oob_tcp_if_include": "lo",
    "OMPI_MCA_plm_rsh_agent": "/bin/false", "OMPI_MCA_opal_warn_on_missing_libcuda": "0",
    # Threads of one rank would wait for one another on cores that the other ranks keep busy.
    "OMP_NUM_THREADS": "1",
}


def why_not():
    """Why ranks cannot be started here; None if they can."""
    if MPIRUN is None:
        return "mpirun is not installed"
    tried = subprocess.run([MPIRUN, "-n", "2", PROGRAM, "run", "nowhere.yaml"], env=os.environ | QUIET, text=True,
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    if "was built without MPI" in tried.stderr:
        return "this headsweep was built without MPI"
    return None


def segments():
    """Open MPI's own shared memory, which a rank that was killed cannot remove."""
    return set(glob.glob("/dev/shm/vader_segment.*"))


def remove_segments(before):
    """Those that are new and that no process has: others may be running ranks, too."""
    used = ""
    for path in glob.glob("/proc/[0-9]*/maps"):
        try:
            with open(path) as file:
                used += file.read()
        except OSError:
            continue
    for path in segments() - before:
        if path not in used:
            os.unlink(path)


def states_of(pids):
    """What each process waits for: of those that should have ended."""
    return subprocess.run(["ps", "-L", "-o", "pid,tid,stat,wchan:24,time,args", "-p", ",".join(map(str, pids))], capture_output=True,
                          text=True).stdout


class RanksTest(ProgramTest):
    """`mpirun` with a time limit. What a killed one leaves behind goes when the class is done."""

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason and os.environ.get("HEADSWEEP_REQUIRE_TOOLS") == "1":
            raise RuntimeError(reason)
        if reason:
            raise unittest.SkipTest(reason)
        cls.addClassCleanup(remove_segments, segments())
        super().setUpClass()

    def start_ranks(self, ranks, *arguments, wrapper=()):
        """A running mpirun; `wrapper` starts the program on each rank."""
        return self.start([MPIRUN, "-n", str(ranks), *map(str, wrapper), PROGRAM, *map(str, arguments)])

    def start(self, command):
        """A running program, gone when the test ends, and its ranks too."""
        process = subprocess.Popen(command, cwd=self.folder, env=os.environ | QUIET, text=True, errors="replace",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.ranks = []
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            for pid in [*ranks_of(process.pid).values(), process.pid]:
                signal_to(pid, signal.SIGKILL)
        for pid in filter(is_running, process.ranks):
            signal_to(pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def ended(self, process, timeout=60):
        """(exit code, stdout, stderr) of an mpirun that ends by itself, and leaves no rank behind."""
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            state = states_of([process.pid, *process.ranks, *ranks_of(process.pid).values()])
            self.end(process)
            self.fail(f"{' '.join(process.args)}: not done after {timeout} s\n{state}")
        self.wait_until(lambda: not any(map(is_running, process.ranks)), "ranks were left behind", seconds=5)
        return process.returncode, stdout, stderr

    def run_ranks(self, ranks, *arguments, code=None, timeout=60, wrapper=()):
        """Runs to the end; returns what it said on stderr."""
        found, _, stderr = self.ended(self.start_ranks(ranks, *arguments, wrapper=wrapper), timeout)
        if code is not None:
            self.assertEqual(found, code, stderr)
        return stderr

    def pids(self, process, ranks):
        """[process id of rank 0, of rank 1, ...], as soon as all are there."""
        self.wait_until(lambda: len(ranks_of(process.pid)) == ranks, "not all ranks have started", process)
        process.ranks = [pid for _, pid in sorted(ranks_of(process.pid).items())]
        return process.ranks

    def wait_until(self, condition, otherwise, process=None, seconds=30):
        """Polls; fails at once if `process` ends meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(otherwise)
            if process is not None and process.poll() is not None:
                self.fail(f"{otherwise}: mpirun has ended: {process.stderr.read()}")
            time.sleep(0.01)

    def assert_one_message(self, stderr, *patterns):
        ours = [line for line in stderr.splitlines() if line.startswith("headsweep: ")]
        self.assertEqual(len(ours), 1, stderr)
        self.assertNotRegex(stderr, "terminate called|what\\(\\)")
        for pattern in patterns:
            self.assertRegex(ours[0], pattern)


def signal_to(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def is_running(pid):
    """Not gone, and not only waiting to be reaped."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def environment_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if b"=" in entry)


def ranks_of(mpirun):
    """{rank: process id} of the program's processes that this mpirun has started."""
    found = {}
    for task in glob.glob(f"/proc/{mpirun}/task/*/children"):
        try:
            with open(task) as file:
                children = file.read().split()
        except OSError:
            continue
        for pid in map(int, children):
            try:
                if os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(PROGRAM):
                    found[int(environment_of(pid)[b"OMPI_COMM_WORLD_RANK"])] = pid
            except (OSError, KeyError):
                continue
    return found
