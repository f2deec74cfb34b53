"""A run that is long enough to be interrupted, and what must be true of its file at every moment."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

try:
    import h5py
except ImportError:
    h5py = None

from headsweep_program import DONE, MODELS, PROGRAM, ProgramTest, family_file, job, results


class LongRunTest(ProgramTest):
    repeats = 100  # of the family's 12 clean prompts: a run of about 2.5 s with one thread
    # Of the job's section `run`, besides the output. `auto` times the precisions, and takes others on a busy machine.
    keys_of_run = {"precision": "fp32"}

    @classmethod
    def setUpClass(cls):
        """The job, and its results without an interruption."""
        super().setUpClass()
        cls.template = Path(tempfile.mkdtemp(prefix="headsweep-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.template)
        family = json.loads(family_file("mixed").read_text())
        (cls.template / "mixed.json").write_text(json.dumps(family | {"clean": family["clean"] * cls.repeats}))
        (cls.template / "job.yaml").write_text(json.dumps(cls.job_of({"mixed": "mixed.json"})))
        start = time.monotonic()
        subprocess.run([PROGRAM, "run", "job.yaml"], cwd=cls.template, check=True, capture_output=True, timeout=200)
        cls.seconds = time.monotonic() - start
        shown = subprocess.run([PROGRAM, "show", "--json", "runs/job/mixed.file.T3.h5"], cwd=cls.template, check=True,
                               capture_output=True, timeout=60).stdout
        cls.expected = results(json.loads(shown))

    @classmethod
    def job_of(cls, families):
        value = job(MODELS / "tiny-b", families, threshold=3)
        return value | {"run": value["run"] | cls.keys_of_run}

    def setUp(self):
        super().setUp()
        for name in ("mixed.json", "job.yaml"):
            shutil.copy(self.template / name, self.folder)
        self.path = self.run_file("mixed")

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

    def kill_at_random_moments(self, kills, start_and_kill):
        """Until it was killed so often, and goes on to the same bits. `start_and_kill(number)` starts the job, kills, waits, and
        gives the exit code of the whole."""
        killed, kept = 0, [0]
        while killed < kills:
            if start_and_kill(killed) == DONE:  # it was faster: begin anew
                self.assert_complete()
                self.path.unlink()
                kept = [0]
                continue
            killed += 1
            if self.path.exists():
                kept.append(self.decisions_of_good_file())
                self.assertEqual(kept, sorted(kept), "decisions were lost")
        self.assert_finishes()

    def assert_complete(self):
        """The run file holds what an uninterrupted run would have written, to the last bit."""
        shown = self.json_of("show", self.path)
        self.assertEqual(shown["status"], "complete")
        for key, value in self.expected.items():
            self.assertEqual(results(shown)[key], value, key)
        self.assertEqual(len(shown["circuit"]), 36 - sum(d["removed"] for d in shown["decisions"]))
        return shown

    def assert_only_run_files(self):
        names = [name for name in os.listdir(self.path.parent) if not name.endswith(".tmp")]
        self.assertEqual(sorted(names), ["index.h5", self.path.name])

    def wait_for_decisions(self, process, before=None, seconds=60):
        """Until the run file is written anew; `before` is when it last was."""
        deadline = time.monotonic() + seconds
        while not self.path.exists() or self.path.stat().st_mtime_ns == before:
            self.assertLess(time.monotonic(), deadline, "the run file was not written")
            self.assertIsNone(process.poll(), "ended before it could be interrupted")
            time.sleep(0.01)

    def written(self):
        return self.path.stat().st_mtime_ns if self.path.exists() else None
