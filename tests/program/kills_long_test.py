"""kill -9 at many random moments: each time the run goes on, to the same bits. ranks_faults_long_test does it to ranks."""
import random
import time

import headsweep_program
from faults import FaultsTest
from headsweep_program import DONE
from tried import tried

KILLS = 50


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


if __name__ == "__main__":
    headsweep_program.main()
