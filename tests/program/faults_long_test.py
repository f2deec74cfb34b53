"""Faults, many of them: every single call of the file system, and memory limits."""
import os
import pathlib
import resource
import shutil
import signal
import time

import headsweep_program
from faults import FaultsTest, limit
from headsweep_program import DONE, MACHINE_FAILED, USERS_MISTAKE
from tried import tried

MEMORY_GROUPS = pathlib.Path("/sys/fs/cgroup/memory")


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


if __name__ == "__main__":
    headsweep_program.main()
