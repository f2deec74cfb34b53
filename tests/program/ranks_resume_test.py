"""A run of several ranks that is killed or stopped, whichever rank is struck, goes on to the same bits."""
import glob
import random
import signal
import time

import headsweep_program
from headsweep_program import DONE, STOPPED
from long_run import LongRunTest
from mpi_environment import RanksTest, signal_to

RANKS = 3


class InterruptedRanksTest(RanksTest, LongRunTest):
    def running(self, ranks=RANKS):
        """mpirun when it has written its first decisions, and its ranks' process ids."""
        before = self.written()
        process = self.start_ranks(ranks, "run", "job.yaml")
        pids = self.pids(process, ranks)
        self.wait_for_decisions(process, before)
        return process, pids

    def assert_finishes(self, ranks=RANKS):
        self.run_ranks(ranks, "run", "job.yaml", code=DONE)
        shown = self.assert_complete()
        self.assert_only_run_files()
        return shown

    def assert_stopped(self, process, decided):
        code, _, stderr = self.ended(process)
        self.assertEqual(code, STOPPED, stderr)
        said = [line for line in stderr.splitlines() if "stopped on request" in line]
        self.assertEqual(said, ["stopped on request; run the same command again to go on"], stderr)
        self.assertEqual(self.json_of("show", self.path)["status"], "stopped")
        after = self.decisions_of_good_file()
        self.assertGreater(after, decided, "every start makes progress")
        return after

    def test_asked_to_stop(self):
        decided = 0
        for number, struck in ((signal.SIGTERM, 0), (signal.SIGUSR1, 2), (signal.SIGUSR1, "mpirun")):
            with self.subTest(number.name, struck=struck):
                process, pids = self.running()
                signal_to(process.pid if struck == "mpirun" else pids[struck], number)
                decided = self.assert_stopped(process, decided)
        self.assertEqual(self.assert_finishes()["provenance"]["starts"], "4")

    def test_another_number_of_ranks_goes_on(self):
        process, pids = self.running(4)
        signal_to(pids[3], signal.SIGTERM)
        self.assert_stopped(process, 0)
        shown = self.assert_finishes(ranks=2)
        self.assertEqual(shown["provenance"]["ranks"], "4, then 2")

    def test_mpirun_itself_is_ended(self):
        """It gives the ranks a second: nothing is lost, whether or not they need longer."""
        process, _ = self.running()
        signal_to(process.pid, signal.SIGTERM)
        code, _, stderr = self.ended(process, timeout=15)
        self.assertNotEqual(code, DONE, stderr)
        self.assertGreater(self.decisions_of_good_file(), 0)
        self.assert_finishes()

    def test_a_rank_is_killed_at_random_moments(self):
        moments = random.Random(4)
        kept, memory_before = [], set(glob.glob("/dev/shm/*headsweep*"))
        for struck in range(RANKS):
            with self.subTest(struck=struck):
                process = self.start_ranks(RANKS, "run", "job.yaml")
                pids = self.pids(process, RANKS)
                time.sleep(moments.uniform(0.05, 0.5) * self.seconds)
                self.assertIsNone(process.poll(), "ended before it could be killed")
                signal_to(pids[struck], signal.SIGKILL)
                start = time.monotonic()
                code, _, stderr = self.ended(process, timeout=15)
                self.assertNotIn(code, (DONE, STOPPED), stderr)
                self.assertLess(time.monotonic() - start, 10)
                if self.path.exists():
                    kept.append(self.decisions_of_good_file())
        self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assertEqual(set(glob.glob("/dev/shm/*headsweep*")), memory_before)
        self.assert_finishes()

    def test_all_ranks_take_part(self):
        shown = self.assert_finishes(ranks=4)
        self.assertEqual({decision["rank"] for decision in shown["decisions"]}, {0, 1, 2, 3})
        self.assertEqual({decision["host"] for decision in shown["decisions"]}, {shown["provenance"]["host"]})
        self.assertEqual(shown["provenance"]["ranks"], "4")
        self.assertLess(shown["work"]["waves"], 36, "speculation saves waves")


if __name__ == "__main__":
    headsweep_program.main()
