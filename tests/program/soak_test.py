#!/usr/bin/env python3
"""A thousand small families on four ranks: the memory of each stays what it was after the first hundred."""
import threading
import time

import headsweep_program
from headsweep_program import DONE, MODELS
from mpi_environment import RanksTest
from tried import tried

FAMILIES, RANKS = 1000, 4
# Rank 0 keeps the books of all runs: what it has decided, with the logit differences of each prompt.
MOST_GROWTH = {0: 12.0, 1: 2.0, 2: 2.0, 3: 2.0}  # MB


def families():
    for step in range(1, 21):
        for first in range(1, 51):
            yield {"name": f"from{first}-step{step}", "corrupt": "repeat_last",
                   "generate": {"sequence": "arithmetic", "start": [first, first + 3], "step": step, "length": 4}}


def megabytes(pid):
    """Of its own memory: neither files nor what ranks share."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None  # it has ended


class SoakTest(RanksTest):
    def done(self):
        return sum(1 for _ in (self.folder / "runs" / "job").glob("*.T20.h5"))

    def test_memory_does_not_grow_with_the_families(self):
        self.write("job.yaml", {"model": {"path": str(MODELS / "tiny-a")}, "families": list(families()),
                                "search": {"threshold": 20, "allow_nonpositive_baseline": True},
                                "run": {"output": "runs", "precision": "auto"}})
        process = self.start_ranks(RANKS, "run", "job.yaml")
        pids = self.pids(process, RANKS)
        # A thousand summaries are more than a pipe holds: nobody reading them would stop rank 0.
        said = {stream: [] for stream in (process.stdout, process.stderr)}
        readers = [threading.Thread(target=lines.extend, args=(stream,)) for stream, lines in said.items()]
        for reader in readers:
            reader.start()
        samples = []  # (families done, MB by rank)
        deadline = time.monotonic() + 900
        while process.poll() is None and time.monotonic() < deadline:
            done, now = self.done(), [megabytes(pid) for pid in pids]
            if None not in now:
                samples.append((done, now))
            time.sleep(0.2)
        if process.poll() is None:
            self.end(process)
        for reader in readers:
            reader.join()
        self.assertEqual(process.returncode, DONE, "".join(said[process.stderr][-20:]))
        self.assertEqual(self.done(), FAMILIES)
        self.assertTrue(any(done > 0.9 * FAMILIES for done, _ in samples), "it was not looked at near the end")
        for rank, most in MOST_GROWTH.items():
            early = max(now[rank] for done, now in samples if 100 <= done < 200)
            late = max(now[rank] for done, now in samples if done >= 200)
            print(f"rank {rank}: {early:.1f} MB after a hundred families, at most {late:.1f} MB later")
            with self.subTest(rank=rank):
                self.assertLess(late - early, most)
        tried("load", "1,000 families on four ranks", "the memory of each rank stays what it was after the first hundred")


if __name__ == "__main__":
    headsweep_program.main()
