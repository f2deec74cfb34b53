"""kill -9 at many random moments: each time the run goes on, to the same bits. ranks_faults_long_test does it to ranks."""
import random
import time

import headsweep_program
from faults import FaultsTest
from tried import tried

KILLS = 50


class ManyKillsTest(FaultsTest):
    repeats = 20

    def test_killed_at_random_moments(self):
        moments = random.Random(8)

        def start_and_kill(_):
            process = self.start()
            time.sleep(moments.uniform(0, 0.7) * self.seconds)
            process.kill()
            return self.ended(process)[0]

        self.kill_at_random_moments(KILLS, start_and_kill)
        tried("fault", f"kill -9 at {KILLS} random moments, one process", "each time resumed; in the end the same bits")


if __name__ == "__main__":
    headsweep_program.main()
