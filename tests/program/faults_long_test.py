"""Faults, many of them: kills at random moments, every single call of the file system, memory limits, and faults under
several ranks."""
import glob
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import time

import headsweep_program
from faults import FaultsTest, layer_environment, limit
from headsweep_program import DONE, MACHINE_FAILED, PROGRAM, USERS_MISTAKE
from long_run import LongRunTest
from mpi_environment import MPIRUN, QUIET, RanksTest, signal_to
from tried import tried

KILLS = 50
MEMORY_GROUPS = pathlib.Path("/sys/fs/cgroup/memory")


class ManyKillsTest(FaultsTest):
    repeats = 20

    def test_killed_at_random_moments(self):
        moments, kills, kept = random.Random(8), 0, [0]
        while kills < KILLS:
            process = self.start()
            time.sleep(moments.uniform(0, 0.7) * self.seconds)
            process.kill()
            if self.ended(process)[0] == DONE:  # it was faster: begin anew
                self.assert_complete()
                self.path.unlink()
                kept = [0]
                continue
            kills += 1
            if self.path.exists():
                kept.append(self.decisions_of_good_file())
                self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assert_finishes()
        tried("fault", f"kill -9 at {KILLS} random moments, one process", "each time resumed; in the end the same bits")


class EveryCallTest(FaultsTest):
    """Lets each single call fail, the first, the second, and so on, until a run makes no more of them."""

    def each_call(self, call, fault, most=100):
        for number in range(1, most):
            shutil.rmtree(self.folder / "runs", ignore_errors=True)
            done, made = self.run_with(f"{call} {fault} from={number} times=1")
            if not made:
                self.assertEqual(done.returncode, DONE, done.stderr)
                return number - 1
            with self.subTest(f"{call} {number}: {fault}", fault=made):
                self.assertIn(done.returncode, (DONE, MACHINE_FAILED, USERS_MISTAKE), done.stderr)
                if done.returncode == DONE:  # a descriptor that was only read, the name in the lock file, a look for leftovers
                    self.assertRegex(made[0], r"^(close|write|open) \S+ \S+/(\.lock|job|index\.h5|[^/ ]+\.tmp)( \(deleted\))?$")
                else:
                    self.assert_failed(done.returncode, done.stderr, "runs/job", expected=done.returncode)
                self.assert_nothing_lost()
        self.fail(f"more than {most} calls of {call}")

    def test_each_call_that_fails(self):
        for call, fault in (("open", "EACCES"), ("write", "ENOSPC"), ("write", "EIO"), ("fsync", "EIO"), ("rename", "EIO"),
                            ("close", "EIO")):
            calls = self.each_call(call, fault)
            self.assertGreater(calls, 3)
            tried("fault", f"each single {call} of a run fails once ({fault})",
                  "message, exit 1 (2 if it is refused before it begins); in the end the same bits")

    def test_each_read_that_fails_when_a_run_is_taken_up(self):
        self.assert_finishes()
        whole = self.path.read_bytes()
        for number in range(1, 100):
            done, made = self.run_with(f"read EIO from={number} times=1")
            self.assertEqual(self.path.read_bytes(), whole)
            if not made:
                break
            self.assert_failed(done.returncode, done.stderr, "cannot be read to its end")
        self.assertGreater(number, 2)
        tried("fault", "each single read of a run's files fails once (EIO)", "message, exit 1; the files are left as they are")


class LittleMemoryTest(FaultsTest):
    repeats = 40

    def test_each_limit_of_memory(self):
        """From what the libraries alone take to more than enough."""
        failed = 0
        for megabytes in range(90, 400, 20):
            process = self.start(preexec_fn=limit(resource.RLIMIT_AS, megabytes << 20))
            code, messages = self.ended(process)
            with self.subTest(megabytes=megabytes):
                if code == DONE:
                    break
                failed += 1
                self.assert_failed(code, messages, "out of memory: use a machine with more|Cannot allocate memory")
        self.assertGreater(failed, 1)
        self.assert_nothing_lost()
        tried("fault", "too little memory (ulimit -v), each 20 MB from 90 MB to enough",
              "message, exit 1; in the end the same bits")

    def test_no_more_memory_in_mid_run(self):
        process = self.in_mid_run()
        resource.prlimit(process.pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))
        code, messages = self.ended(process)
        if code != DONE:  # what it has may be enough
            self.assert_failed(code, messages, "out of memory|cannot be written|Cannot allocate memory")
        self.assert_nothing_lost()
        tried("fault", "no more memory from mid-run on", "message, exit 1, or done with what it has; the run file is whole")

    def test_the_kernel_kills_what_takes_too_much(self):
        group = MEMORY_GROUPS / f"headsweep-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            self.skipTest(f"no memory group can be made here: {error}")
        self.addCleanup(self.remove_group, group)
        stopped = self.in_mid_run()
        stopped.send_signal(signal.SIGTERM)
        self.ended(stopped)
        (group / "memory.limit_in_bytes").write_text(str(12 << 20))
        (group / "memory.swappiness").write_text("0")
        code, messages = self.ended(self.start(preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid()))))
        self.assertEqual(code, -signal.SIGKILL, messages)
        self.assert_nothing_lost()
        tried("fault", "the kernel kills a run that exceeds its group's memory (cgroup)",
              "killed without a message; the run file is whole; the same command ends with the same bits")

    @staticmethod
    def remove_group(group):
        deadline = time.monotonic() + 5
        while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        group.rmdir()


class RanksFaultsTest(RanksTest, LongRunTest):
    repeats = 20
    keys_of_run = FaultsTest.keys_of_run

    def setUp(self):
        super().setUp()
        self.folder = self.folder.resolve()
        self.path = self.run_file("mixed")

    def assert_finishes(self):
        self.run_ranks(4, "run", "job.yaml", code=DONE)
        self.assert_complete()
        self.assert_only_run_files()

    def layer(self, rules):
        return ["env", *(f"{name}={value}" for name, value in layer_environment(self.folder, rules).items())]

    def test_one_of_four_ranks_is_killed_at_random_moments(self):
        moments, kills, kept, memory_before = random.Random(9), 0, [0], set(glob.glob("/dev/shm/*headsweep*"))
        while kills < KILLS:
            process = self.start_ranks(4, "run", "job.yaml")
            pids = self.pids(process, 4)
            time.sleep(moments.uniform(0, 1) * self.seconds)
            if process.poll() is None:
                signal_to(pids[kills % 4], signal.SIGKILL)
            code, _, messages = self.ended(process, timeout=30)
            if code == DONE:
                self.assert_complete()
                self.path.unlink()
                kept = [0]
                continue
            kills += 1
            if self.path.exists():
                kept.append(self.decisions_of_good_file())
                self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assertEqual(set(glob.glob("/dev/shm/*headsweep*")), memory_before)
        self.assert_finishes()
        tried("fault", f"kill -9 of one of four ranks at {KILLS} random moments", "each time resumed; in the end the same bits")

    def test_a_full_disk(self):
        process = self.start_ranks(4, "run", "job.yaml", wrapper=self.layer("write ENOSPC from=4"))
        code, _, messages = self.ended(process)
        self.assertEqual(code, MACHINE_FAILED, messages)
        self.assert_one_message(messages, "^headsweep: rank 0 on .*: writing failed: No space left on device; make space")
        self.decisions_of_good_file()
        self.assert_finishes()
        tried("fault", "a full disk under four ranks", "one message, exit 1; the same command ends with the same bits")

    def test_the_clock_jumps(self):
        for rules in ("clock 86400 from=30", "clock -86400 from=30"):
            process = self.start_ranks(2, "run", "job.yaml", wrapper=self.layer(rules))
            code, _, messages = self.ended(process)
            self.assertEqual(code, DONE, messages)
            self.assertTrue((self.folder / "faults.log").exists(), "the clock never jumped")
            self.assert_complete()
            self.path.unlink()
        tried("fault", "the time of day jumps by a day under two ranks", "no stall; the same bits")

    def test_all_are_suspended_for_longer_than_a_stall(self):
        process = self.start_ranks(3, "run", "job.yaml", "--set", "run.stall_seconds=15")
        pids = self.pids(process, 3)
        self.wait_for_decisions(process)
        for pid in pids:
            signal_to(pid, signal.SIGSTOP)
        time.sleep(22)
        for pid in pids:
            signal_to(pid, signal.SIGCONT)
        code, _, messages = self.ended(process)
        self.assertEqual(code, DONE, messages)
        self.assert_complete()
        tried("fault", "all ranks suspended for longer than run.stall_seconds", "they go on; no stall; the same bits")

    def test_a_second_job_is_refused(self):
        process = self.start_ranks(2, "run", "job.yaml")
        pids = self.pids(process, 2)
        self.wait_for_decisions(process)
        for pid in pids:
            signal_to(pid, signal.SIGSTOP)
        messages = self.run_ranks(2, "run", "job.yaml", code=USERS_MISTAKE)
        self.assert_one_message(messages, f"runs/job: process {pids[0]} on .* is working there: wait")
        for pid in pids:
            signal_to(pid, signal.SIGCONT)
        self.assertEqual(self.ended(process)[0], DONE)
        self.assert_complete()
        tried("fault", "a second job of two ranks on the same output", "refused, exit 2, with the first one's process and host")

    def test_nobody_reads_what_mpirun_prints(self):
        for redirected in ("2>&1 | true", "> /dev/full 2>&1"):
            done = subprocess.run(["bash", "-c", f'"$0" -n 2 "$1" run job.yaml {redirected}', MPIRUN, PROGRAM],
                                  cwd=self.folder, env=os.environ | QUIET, timeout=100, capture_output=True, text=True)
            if self.path.exists():
                self.decisions_of_good_file()
            self.assert_finishes()
            self.path.unlink()
        tried("fault", "mpirun's output has no reader (SIGPIPE), or goes to a full disk",
              "the run file is whole; the same command ends with the same bits")


if __name__ == "__main__":
    headsweep_program.main()
