"""The batch scripts on a real Slurm of two nodes: ranks over both, time limits, arrays, a node that dies, GPUs.

A run's result must be that of one rank, to the bit, whatever happens to the job."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "program"))
import headsweep_program
from headsweep_program import (DONE, MODELS, PROGRAM, SOURCE, STOPPED, USERS_MISTAKE, ProgramTest, family_file, job,
                               results)

FIXTURE = pathlib.Path(__file__).resolve().parent / "slurm_fixture.sh"
SCRIPTS = SOURCE / "slurm"
REPEATS = 200  # of the family's 12 clean prompts: a run of about 5 s with one thread, to be interrupted
BOTH_NODES = ("--nodes=2", "--ntasks-per-node=2", "--cpus-per-task=1")
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL"}


def why_not_here():
    """What this machine lacks for a Slurm of its own, or an empty text."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in ("munged", "slurmctld", "slurmd", "sbatch", "srun") if not shutil.which(tool)]
    if missing:
        return f"{', '.join(missing)} not installed (scripts/install_packages.sh --with-tools)"
    return "" if os.geteuid() == 0 else "a Slurm of two nodes can be started by root alone"


class SlurmTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("HEADSWEEP_MPI") == "0":
            raise unittest.SkipTest("the program is built for one process (HEADSWEEP_MPI=OFF)")
        reason = why_not_here() or cls.start_slurm()
        if reason and os.environ.get("HEADSWEEP_REQUIRE_TOOLS") == "1":
            raise RuntimeError(f"HEADSWEEP_REQUIRE_TOOLS=1, but {reason}")
        if reason:
            raise unittest.SkipTest(reason)
        cls.make_jobs()

    @classmethod
    def start_slurm(cls):
        """An empty text, or why the machine does not allow it. The guard stops it even if this process is killed."""
        cls.slurm = pathlib.Path(tempfile.mkdtemp(prefix="hs-slurm-", dir="/tmp"))
        guard = subprocess.Popen(["setsid", "--fork", FIXTURE, "guard", cls.slurm], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.stop_slurm, guard)
        started = cls.fixture("start")
        if started.returncode == headsweep_program.SKIPPED:
            return started.stderr.strip()
        if started.returncode:
            raise RuntimeError(started.stderr)
        shown = subprocess.run(["bash", "-c", 'source <("$0" env "$1") && env -0', FIXTURE, cls.slurm],
                               capture_output=True, check=True, text=True).stdout
        cls.environment = dict(line.split("=", 1) for line in shown.split("\0") if line)
        cls.environment |= {"HEADSWEEP_HOME": str(SOURCE), "HEADSWEEP": PROGRAM}
        return ""

    @classmethod
    def stop_slurm(cls, guard):
        guard.stdin.close()
        guard.wait()
        deadline = time.monotonic() + 60
        while cls.slurm.exists():  # the guard takes it away last
            if time.monotonic() > deadline:
                raise RuntimeError(f"Slurm was not stopped: {cls.slurm}")
            time.sleep(0.1)

    @classmethod
    def fixture(cls, command, *arguments):
        """Its daemons keep no pipe of ours open."""
        with tempfile.TemporaryFile("w+") as messages:
            done = subprocess.run([FIXTURE, command, cls.slurm, *arguments], stdin=subprocess.DEVNULL,
                                  stdout=messages, stderr=messages, timeout=60)
            messages.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, "", messages.read())

    @classmethod
    def make_jobs(cls):
        """Job files, and what one rank finds with them, without Slurm."""
        cls.template = pathlib.Path(tempfile.mkdtemp(prefix="headsweep-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.template)
        family = json.loads(family_file("mixed").read_text())
        (cls.template / "mixed.json").write_text(json.dumps(family | {"clean": family["clean"] * REPEATS}))
        jobs = {"long": {"mixed": "mixed.json"}, "even": {"even": family_file("even")},
                "short": {"mixed": family_file("mixed")}}
        cls.expected = {}
        for name, families in jobs.items():
            (cls.template / f"{name}.yaml").write_text(json.dumps(job(MODELS / "tiny-b", families, threshold=3)))
            for arguments in (["run", f"{name}.yaml"], ["show", "--json", f"runs/{name}/{[*families][0]}.file.T3.h5"]):
                done = subprocess.run([PROGRAM, *arguments], cwd=cls.template, check=True, capture_output=True,
                                      stdin=subprocess.DEVNULL, timeout=300)
            cls.expected[name] = results(json.loads(done.stdout))

    def setUp(self):
        super().setUp()
        for file in self.template.glob("*.*"):
            shutil.copy(file, self.folder)
        self.path = self.run_file("mixed", job_name="long")

    def tool(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")
        return done.stdout

    def submit(self, *options, script="cpu", arguments=("long.yaml",)):
        number = self.tool("sbatch", "--parsable", *options, SCRIPTS / f"{script}.sbatch", *arguments).strip()
        self.addCleanup(subprocess.run, ["scancel", number], env=self.environment, check=True, capture_output=True)
        return number

    def log(self, number):
        path = self.folder / f"slurm-{number}.out"
        return path.read_text() if path.exists() else "(no log)"

    def field(self, number, name):
        """What `scontrol show job` says about the job, which may be a task of an array: 123_4."""
        return re.search(rf"\b{name}=(\S*)", self.tool("scontrol", "--oneliner", "show", "job", number)).group(1)

    def wait_until(self, condition, number, what, seconds=120):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"job {number}: {what}: not after {seconds} s\n{self.tool('scontrol', 'show', 'job', number)}"
                          f"{self.tool('sinfo', '-N', '-l')}\n{self.log(number)}")
            time.sleep(0.1)

    def wait_for_start(self, number):
        """Until the long job has decided something."""
        def has_decided():
            self.assertNotIn(self.field(number, "JobState"), ENDED, self.log(number))
            return self.path.exists()
        self.wait_until(has_decided, number, "the run file is there")

    def assert_ends(self, number, state, exit_code="0:0", restarts=0):
        self.wait_until(lambda: self.field(number, "JobState") in ENDED, number, "ended")
        found = {name: self.field(number, name) for name in ("JobState", "ExitCode", "Restarts")}
        self.assertEqual(found, {"JobState": state, "ExitCode": exit_code, "Restarts": str(restarts)}, self.log(number))

    def assert_result(self, name, family="mixed"):
        """The run is complete, and what one rank finds. Returns the run file as `show` gives it."""
        shown = self.json_of("show", self.run_file(family, job_name=name))
        self.assertEqual(shown["status"], "complete")
        for key, value in self.expected[name].items():
            self.assertEqual(results(shown)[key], value, key)
        return shown

    def recording_program(self):
        """The program, but every rank notes its environment first: in environment.RANK."""
        path = self.write("recorder", f'#!/bin/sh\nenv > "environment.$SLURM_PROCID"\nexec "{PROGRAM}" "$@"\n')
        path.chmod(0o755)
        return path

    def recorded(self, *names):
        """For each rank, the values of these variables."""
        found = []
        for path in sorted(self.folder.glob("environment.*")):
            values = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
            found.append(tuple(values.get(name) for name in names))
        return found

    def test_ranks_on_both_nodes_find_what_one_rank_finds(self):
        number = self.submit(*BOTH_NODES)
        self.assert_ends(number, "COMPLETED")
        self.assertIn("on n[1-2], ranks: 4, threads of each: 1", self.log(number))
        decisions = self.assert_result("long")["decisions"]
        self.assertEqual({decision["host"] for decision in decisions}, {"n1", "n2"})

    def test_warned_of_the_time_limit_it_is_queued_again_and_goes_on(self):
        number = self.submit(*BOTH_NODES)
        self.wait_for_start(number)
        self.tool("scancel", "--signal=USR1", "--batch", number)
        self.assert_ends(number, "COMPLETED", restarts=1)
        log = self.log(number)
        self.assertIn(f"exit code {STOPPED}", log)
        self.assertRegex(log, r"(?s)start 1 of long.yaml.*stopped and requeued.*start 2 of long.yaml.*resumed after \d+")
        self.assertEqual(self.assert_result("long")["provenance"]["starts"], "2")

    def test_a_lost_node_costs_a_start_and_nothing_else(self):
        number = self.submit(*BOTH_NODES)
        self.wait_for_start(number)
        self.assertEqual(self.fixture("crash", "n2").returncode, 0)
        self.tool("scontrol", "update", "nodename=n2", "state=down", "reason=test")  # else Slurm waits SlurmdTimeout
        self.wait_until(lambda: self.field(number, "JobState") == "PENDING", number, "requeued")
        self.assertEqual(self.fixture("boot", "n2").returncode, 0)
        self.assert_ends(number, "COMPLETED", restarts=1)
        self.assertRegex(self.log(number), r"(?s)NODE FAILURE.*start 2 of long.yaml.*resumed after \d+")
        self.assertEqual(self.assert_result("long")["provenance"]["starts"], "2")

    def test_an_array_runs_a_job_file_for_each_task(self):
        """One task stops and goes on; its number in Slurm is that of the whole array, whose other tasks must not run
        again."""
        number = self.submit("--array=0-2", "--ntasks-per-node=2", "--cpus-per-task=1",
                             arguments=("even.yaml", "short.yaml", "long.yaml"))
        self.wait_for_start(f"{number}_2")
        self.tool("scancel", "--signal=USR1", "--batch", f"{number}_2")
        for task, restarts in enumerate((0, 0, 1)):
            self.assert_ends(f"{number}_{task}", "COMPLETED", restarts=restarts)
        self.assert_result("even", family="even")
        self.assert_result("short")
        self.assert_result("long")

    def test_what_was_cancelled_stays_cancelled(self):
        number = self.submit(*BOTH_NODES)
        self.wait_for_start(number)
        self.tool("scancel", number)
        self.assert_ends(number, "CANCELLED", exit_code=f"{STOPPED}:0")
        self.assertIn("stopped by Slurm", self.log(number))
        self.assertEqual(self.json_of("show", self.path)["status"], "stopped")

    def test_mistakes_are_said_and_not_repeated(self):
        without_home = {"HEADSWEEP_HOME": str(self.folder)}
        mistakes = (
            ((), ("absent.yaml",), {}, "absent.yaml"),
            ((), (), {}, "no job file; usage"),
            ((), ("even.yaml", "short.yaml"), {}, "2 job files, but no array.*--array=0-1"),
            (("--array=3",), ("even.yaml", "short.yaml"), {}, "array task 3 has no job file.*--array=0-1"),
            ((), ("even.yaml",), without_home, "no slurm/step.sh in .*export HEADSWEEP_HOME"),
            ((), ("even.yaml",), {"HEADSWEEP": "/nowhere"}, "no program at /nowhere; build it"))
        for options, arguments, changes, message in mistakes:
            with self.subTest(message):
                self.environment = type(self).environment | changes
                number = self.submit("--ntasks-per-node=1", *options, arguments=arguments)
                task = f"{number}_3" if options else number
                self.assert_ends(task, "FAILED", exit_code=f"{USERS_MISTAKE}:0")
                self.assertRegex(self.log(task), message)

    def test_options_reach_the_program(self):
        number = self.submit("--ntasks-per-node=1", arguments=("even.yaml", "--set", "search.threshold=10"))
        self.assert_ends(number, "COMPLETED")
        self.run_program("show", self.run_file("even", threshold=10, job_name="even"), code=DONE)

    def test_threads_fill_the_allocation(self):
        self.environment = self.environment | {"HEADSWEEP": str(self.recording_program())}
        self.assert_ends(self.submit("--ntasks-per-node=1", arguments=("even.yaml",)), "COMPLETED")
        self.assertEqual(self.recorded("OMP_NUM_THREADS"), [("4",)])  # the node's cores, not its 8 hardware threads
        self.assert_result("even", family="even")

    def test_every_rank_has_a_gpu_of_its_own(self):
        """An emulated one behind each of the nodes' null devices (tests/fake_gpu). The emulated NCCL knows one node only."""
        gpus = {"HEADSWEEP_PLUGINS": os.environ["HEADSWEEP_FAKE_PLUGINS"], "HEADSWEEP_EMULATED_GPUS": "2",
                "HEADSWEEP_NCCL": "off"}
        self.environment = self.environment | gpus | {"HEADSWEEP": str(self.recording_program())}
        number = self.submit("--nodes=2", "--ntasks=4", "--cpus-per-task=2", script="gpu", arguments=("short.yaml",))
        self.assert_ends(number, "COMPLETED")
        self.assertEqual(sorted(self.recorded("SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")),
                         [("n1", "0", "2"), ("n1", "1", "2"), ("n2", "0", "2"), ("n2", "1", "2")])
        self.assertIn("4 ranks on 2 nodes, 4 GPUs\n", self.log(number))
        shown = self.json_of("show", self.run_file("mixed", job_name="short"))
        self.assertEqual(results(shown)["decisions"], self.expected["short"]["decisions"])

    def test_a_gpu_job_without_a_gpu_fails(self):
        """It must not compute on the node's processors instead."""
        self.environment = self.environment | {"HEADSWEEP_PLUGINS": "/nowhere"}
        number = self.submit(script="gpu", arguments=("short.yaml",))
        self.assert_ends(number, "FAILED", exit_code="1:0")
        self.assertIn("run.device is cuda, but no GPU can be used", self.log(number))

    def test_the_acceptance_of_a_gpu_runs_what_the_bundle_has(self):
        bundle = self.folder / "build" / "bundle" / "headsweep-0"
        bundle.mkdir(parents=True)
        script = self.write(bundle / "gpu-acceptance.sh", '#!/bin/sh\necho "$@, GPU $CUDA_VISIBLE_DEVICES" > acceptance.log\n')
        script.chmod(0o755)
        self.environment = self.environment | {"HEADSWEEP_HOME": str(self.folder)}
        self.assert_ends(self.submit("--cpus-per-task=2", script="gpu-acceptance", arguments=("--quick",)), "COMPLETED")
        self.assertEqual((self.folder / "acceptance.log").read_text(), "--quick, GPU 0\n")


if __name__ == "__main__":
    headsweep_program.main()
