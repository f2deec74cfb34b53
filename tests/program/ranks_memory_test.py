"""Ranks of one machine share one copy of the weights, and only rank 0 reads the checkpoint."""
import signal
import subprocess
import sys

import headsweep_program
from headsweep_program import PROGRAM, SOURCE, STOPPED, family_file, job
from mpi_environment import RanksTest, signal_to

# Measured with gpt2's shape (a checkpoint of 476 MB): one process takes 432 MB, four ranks 768 MB, 1.8 times as much.
# Shared are 324 MB of packed weights and 246 MB of what is still needed of the checkpoint (one process reads that from
# the file, whose pages go when they are not used); 50 MB are each rank's own. Four copies would be 4 times as much.
MOST = 2.0


def megabytes(pid):
    """The process's memory, its part of what it shares with others (Pss)."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        (line,) = [line for line in file if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024


def mapped_files(pid):
    with open(f"/proc/{pid}/maps") as file:
        return file.read()


class MemoryTest(RanksTest):
    def setUp(self):
        super().setUp()
        try:
            megabytes("self")
        except OSError as error:
            self.skipTest(f"/proc/self/smaps_rollup: {error}")
        made = subprocess.run([sys.executable, SOURCE / "tests" / "bench" / "make_checkpoint.py", self.folder / "model",
                               "--shape", "gpt2"], capture_output=True, text=True)
        if "No module named 'numpy'" in made.stderr:
            self.skipTest("numpy is not installed")
        self.assertEqual(made.returncode, 0, made.stderr)
        value = job("model", {"mixed": family_file("mixed")}, threshold=3, allow_nonpositive_baseline=True)
        self.write("job.yaml", value | {"run": {"output": "runs", "threads": 1}})

    def in_mid_run(self, process, pids):
        """(Pss of all in MB, their maps) when decisions have been written; asked to stop then."""
        self.wait_until(self.run_file("mixed").exists, "no decision was written", process, seconds=120)
        found = sum(map(megabytes, pids)), [mapped_files(pid) for pid in pids]
        signal_to(pids[0], signal.SIGUSR1)
        return found

    def test_four_ranks_take_little_more_memory_than_one(self):
        process = self.start([PROGRAM, "run", "job.yaml"])
        alone, _ = self.in_mid_run(process, [process.pid])
        self.assertEqual(self.ended(process)[0], STOPPED)
        self.run_file("mixed").unlink()

        process = self.start_ranks(4, "run", "job.yaml")
        together, maps = self.in_mid_run(process, self.pids(process, 4))
        self.assertEqual(self.ended(process)[0], STOPPED)
        self.assertLess(together, MOST * alone, f"MB of 4 ranks; {alone:.0f} MB of one process")
        for rank in (1, 2, 3):
            self.assertNotIn("model.safetensors", maps[rank], f"rank {rank} reads the checkpoint")


if __name__ == "__main__":
    headsweep_program.main()
