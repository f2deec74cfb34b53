#!/usr/bin/env python3
"""4,096 runs of one job, each with a file of its own: everything that looks at all of them stays quick."""
import time

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, MODELS, ProgramTest
from tried import tried

FAMILIES, THRESHOLDS = 64, 64
RUNS = FAMILIES * THRESHOLDS


class ManyRunsTest(ProgramTest):
    def quickly(self, *arguments, seconds):
        start = time.monotonic()
        done = self.run_program(*arguments, code=DONE, timeout=300)
        took = time.monotonic() - start
        print(f"{arguments[0]}: {took:.1f} s, {len(done.stdout)} characters", flush=True)
        self.assertLess(took, seconds, arguments)
        return done

    def test_4096_run_files(self):
        families = [{"name": f"from{first}-step{step}", "corrupt": "repeat_last",
                     "generate": {"sequence": "arithmetic", "start": [first, first + 3], "step": step, "length": 4}}
                    for step in range(1, 9) for first in range(1, 9)]
        self.write("job.yaml", {"model": {"path": str(MODELS / "tiny-a")}, "families": families,
                                "search": {"threshold": [1 + i / 2 for i in range(THRESHOLDS)],
                                           "allow_nonpositive_baseline": True},
                                "run": {"output": "runs", "precision": "fp32", "audit": 0}})
        self.quickly("run", "job.yaml", seconds=300)
        self.assertEqual(sum(1 for _ in (self.folder / "runs" / "job").glob("*.T*.h5")), RUNS)
        again = self.quickly("run", "job.yaml", seconds=60).stdout
        self.assertEqual(again.count("was complete already"), RUNS)
        self.assertIn("4096", self.quickly("plan", "job.yaml", seconds=60).stdout)
        self.quickly("show", "runs/job/from1-step1.repeat_last.T1.h5", seconds=2)
        self.quickly("report", "runs/job", "-o", "report.html", seconds=60)
        print(f"report.html: {(self.folder / 'report.html').stat().st_size / 1e6:.0f} MB", flush=True)
        self.assertLess((self.folder / "report.html").stat().st_size, 100_000_000)
        self.quickly("report", "runs/job", "--format", "md", seconds=60)
        if h5py is None:
            self.skipTest("h5py is not installed")
        start = time.monotonic()
        with h5py.File(self.folder / "runs" / "job" / "index.h5") as index:
            self.assertEqual(len(index), RUNS)
            self.assertEqual({run.attrs["status"] for run in index.values()}, {"complete"})
        self.assertLess(time.monotonic() - start, 10)
        tried("load", "4,096 runs in one output folder", "run, plan, show, report and the index stay quick")


if __name__ == "__main__":
    headsweep_program.main()
