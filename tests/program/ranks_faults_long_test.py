"""Faults under several ranks: kills at random moments, a full disk, a clock that jumps, ranks that are suspended."""
import os
import random
import signal
import subprocess
import time

import headsweep_program
from faults import layer_environment
from headsweep_program import DONE, MACHINE_FAILED, PROGRAM, USERS_MISTAKE
from long_run import LongRunTest
from mpi_environment import MPIRUN, QUIET, RanksTest, signal_to
from tried import tried

KILLS = 50


class RanksFaultsTest(RanksTest, LongRunTest):
    repeats = 20

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
        moments = random.Random(9)

        def start_and_kill(number):
            process = self.start_ranks(4, "run", "job.yaml")
            pids = self.pids(process, 4)
            time.sleep(moments.uniform(0, 1) * self.seconds)
            if process.poll() is None:
                signal_to(pids[number % 4], signal.SIGKILL)
            return self.ended(process, timeout=30)[0]

        self.kill_at_random_moments(KILLS, start_and_kill)
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
