"""A run that is killed or stopped goes on as if nothing had happened, to the same bits."""
import random
import signal
import subprocess
import time

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, PROGRAM, STOPPED, USERS_MISTAKE, family_file
from long_run import LongRunTest


class InterruptedTest(LongRunTest):
    def start(self):
        process = subprocess.Popen([PROGRAM, "run", "job.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def assert_finishes(self):
        self.run_program("run", "job.yaml", code=DONE)
        return self.assert_complete()

    def test_killed_at_random_moments(self):
        moments = random.Random(8)
        kept = []
        for _ in range(5):
            process = self.start()
            time.sleep(moments.uniform(0.05, 0.5) * self.seconds)
            process.kill()
            process.communicate(timeout=60)
            if self.path.exists():
                kept.append(self.decisions_of_good_file())
        self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assert_finishes()
        self.assert_only_run_files()

    def test_stopped_on_request(self):
        decided = 0
        for number, request in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)):
            with self.subTest(request.name):
                before = self.written()
                process = self.start()
                self.wait_for_decisions(process, before)
                time.sleep(0.03 * self.seconds)
                process.send_signal(request)
                _, messages = process.communicate(timeout=60)
                self.assertEqual(process.returncode, STOPPED, messages)
                self.assertRegex(messages.splitlines()[-1], "stopped on request; run the same command again to go on")
                if number:
                    self.assertIn(f"resumed after {decided} of 36 decisions", messages)
                self.assertEqual(self.json_of("show", self.path)["status"], "stopped")
                after = self.decisions_of_good_file()
                self.assertGreater(after, decided, "every start makes progress")
                decided = after
        shown = self.assert_finishes()
        self.assertEqual(shown["provenance"]["starts"], "5")
        seconds = [decision["seconds"] for decision in shown["decisions"]]
        self.assertEqual(seconds, sorted(seconds), "time runs on over all starts")

    def test_a_second_process_is_refused(self):
        process = self.start()
        self.wait_for_decisions(process)
        process.send_signal(signal.SIGSTOP)
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertRegex(refused.stderr, rf"runs/job: process {process.pid} on .* is working there: wait")
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, DONE)
        self.assert_finishes()
        self.assert_only_run_files()

    def test_asked_to_stop_before_the_search(self):
        """A signal that comes while the model is loaded is not lost, and does no harm."""
        self.write("job.yaml", self.job_of({"mixed": "mixed.json", "even": family_file("even")}))
        process = self.start()
        process.stderr.readline()  # its first line comes after the signals are watched
        process.send_signal(signal.SIGTERM)
        _, messages = process.communicate(timeout=60)
        self.assertEqual(process.returncode, STOPPED, messages)
        self.assertFalse((self.folder / "runs").exists(), "nothing was begun, nothing is written")
        self.assert_finishes()
        if h5py is None:
            self.skipTest("h5py is not installed")
        self.assertEqual(self.index_statuses(h5py), {"mixed": "complete", "even": "complete"})


if __name__ == "__main__":
    headsweep_program.main()
