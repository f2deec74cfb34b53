"""A run that is killed or stopped goes on as if nothing had happened, to the same bits."""
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, MODELS, PROGRAM, STOPPED, ProgramTest, family_file, job, results

REPEATS = 200  # of the family's 12 clean prompts: a run of about 5 s with one thread


class InterruptedTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """The job, and its results without an interruption."""
        cls.template = Path(tempfile.mkdtemp(prefix="headsweep-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.template)
        family = json.loads(family_file("mixed").read_text())
        (cls.template / "mixed.json").write_text(json.dumps(family | {"clean": family["clean"] * REPEATS}))
        (cls.template / "job.yaml").write_text(json.dumps(job(MODELS / "tiny-b", {"mixed": "mixed.json"}, threshold=3)))
        start = time.monotonic()
        subprocess.run([PROGRAM, "run", "job.yaml"], cwd=cls.template, check=True, capture_output=True, timeout=200)
        cls.seconds = time.monotonic() - start
        shown = subprocess.run([PROGRAM, "show", "--json", "runs/job/mixed.file.T3.h5"], cwd=cls.template, check=True,
                               capture_output=True, timeout=60).stdout
        cls.expected = results(json.loads(shown))

    def setUp(self):
        super().setUp()
        for name in ("mixed.json", "job.yaml"):
            shutil.copy(self.template / name, self.folder)
        self.path = self.run_file("mixed")

    def start(self):
        process = subprocess.Popen([PROGRAM, "run", "job.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def decisions_of_good_file(self):
        """How many decisions are in the run file, which others can open too."""
        shown = self.json_of("show", self.path)
        self.run_program("show", self.path, "--decisions", code=DONE)
        with self.subTest("h5py"):
            if h5py is None:
                self.skipTest("h5py is not installed")
            with h5py.File(self.path) as file:
                self.assertEqual(file.attrs["status"], shown["status"])
                self.assertEqual(len(file["decisions"]), len(shown["decisions"]))
                self.assertEqual(file["per_prompt"].shape, (len(shown["decisions"]), len(shown["full"]["per_prompt"])))
        count = len(shown["decisions"])
        self.assertEqual(results(shown)["decisions"], self.expected["decisions"][:count])
        return count

    def assert_finishes(self):
        self.run_program("run", "job.yaml", code=DONE)
        shown = self.json_of("show", self.path)
        self.assertEqual(shown["status"], "complete")
        for key, value in self.expected.items():
            self.assertEqual(results(shown)[key], value, key)
        self.assertEqual(len(shown["circuit"]), 36 - sum(d["removed"] for d in shown["decisions"]))

    def test_killed_at_random_moments(self):
        moments = random.Random(8)
        kept = []
        for _ in range(8):
            process = self.start()
            time.sleep(moments.uniform(0.05, 0.5) * self.seconds)
            process.kill()
            process.communicate(timeout=60)
            if self.path.exists():
                kept.append(self.decisions_of_good_file())
        self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assert_finishes()
        names = [name for name in os.listdir(self.path.parent) if not name.endswith(".tmp")]
        self.assertEqual(sorted(names), ["index.h5", self.path.name])

    def test_stopped_on_request(self):
        decided = 0
        for number, request in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)):
            with self.subTest(request.name):
                before = self.path.stat().st_mtime_ns if number else None
                process = self.start()
                deadline = time.monotonic() + 60
                while not self.path.exists() or self.path.stat().st_mtime_ns == before:
                    self.assertLess(time.monotonic(), deadline, "the run file was not written")
                    self.assertIsNone(process.poll(), "ended before it could be stopped")
                    time.sleep(0.01)
                time.sleep(0.1 * self.seconds)
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
        self.assert_finishes()
        shown = self.json_of("show", self.path)
        self.assertEqual(shown["provenance"]["starts"], "4")
        seconds = [decision["seconds"] for decision in shown["decisions"]]
        self.assertEqual(seconds, sorted(seconds), "time runs on over all starts")

    def test_asked_to_stop_before_the_search(self):
        """A signal that comes while the model is loaded is not lost, and does no harm."""
        families = {"mixed": "mixed.json", "even": family_file("even")}
        self.write("job.yaml", job(MODELS / "tiny-b", families, threshold=3))
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
