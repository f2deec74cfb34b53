"""What a night is for: 40 families x 2 corruptions x 3 thresholds, on two ranks, killed on the way, and a report."""
import json
import re
import signal
import time

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, SOURCE
from mpi_environment import RanksTest, signal_to

CORRUPTIONS = ["repeat_last", {"rule": "shuffle", "seed": 1}]
THRESHOLDS = [3, 10, 30]
RUNS = 40 * len(CORRUPTIONS) * len(THRESHOLDS)


def families():
    for step in (1, 2, 3, 5, 10):
        for length in (5, 6):
            for first in (1, 4, 7, 10):
                yield {"name": f"from{first}-step{step}-length{length}", "corrupt": CORRUPTIONS,
                       "generate": {"sequence": "arithmetic", "start": [first, first + 3], "step": step, "length": length}}


class OvernightTest(RanksTest):
    def runs(self):
        """(status, whether it has decisions) by run; nothing before the index is there."""
        index = self.folder / "runs" / "job" / "index.h5"
        if not index.exists():
            return {}
        with h5py.File(index) as file:
            return {name: (run.attrs["status"], int(run.attrs["decisions"])) for name, run in file.items()}

    def test_a_night(self):
        if h5py is None:
            self.skipTest("h5py is not installed")
        self.write("job.yaml", {"model": {"path": str(SOURCE / "jobs" / "demo-model")}, "families": list(families()),
                                "search": {"threshold": THRESHOLDS}, "run": {"output": "runs", "precision": "fp32"}})
        process = self.start_ranks(2, "run", "job.yaml")
        pids = self.pids(process, 2)
        self.wait_until(lambda: sum(status == "complete" for status, _ in self.runs().values()) >= RUNS / 4,
                        "a quarter was not done", process, seconds=120)
        signal_to(pids[1], signal.SIGKILL)
        self.ended(process)
        before = self.runs()
        self.assertLess(sum(status == "complete" for status, _ in before.values()), RUNS)

        start = time.monotonic()
        self.run_ranks(2, "run", "job.yaml", code=DONE, timeout=120)
        self.assertLess(time.monotonic() - start, 120)
        runs = self.runs()
        self.assertEqual(len(runs), RUNS)
        self.assertEqual({status for status, _ in runs.values()}, {"complete"})
        for name, (status, _) in before.items():
            if status == "complete":
                self.assertEqual(runs[name], before[name])

        self.run_program("report", "runs/job", "-o", "report.html", code=DONE)
        page = (self.folder / "report.html").read_text()
        self.assertLess(len(page), 10_000_000)
        for name in runs:
            self.assertIn(name, page)
        table = self.run_program("report", "runs/job", "--format", "md", code=DONE).stdout
        self.assertEqual(len(re.findall(r"(?m)^\| *\d+ *\|", table.split("\n## ")[0])), RUNS, json.dumps(table[:2000]))


if __name__ == "__main__":
    headsweep_program.main()
