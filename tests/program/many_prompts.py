"""A family of very many prompts: run in parts, in memory that is bounded and that plan has said before."""
import os
import random
import re
import subprocess

from headsweep_program import DONE, MODELS, PROGRAM, ProgramTest, results
from tried import tried


def prompts(count, seed):
    """Distinct ones: five numbers, of which each is one token."""
    numbers = random.Random(seed)
    seen = set()
    while len(seen) < count:
        seen.add(tuple(numbers.randint(1, 99) for _ in range(5)))
    for items in sorted(seen):
        yield {"text": " ".join(map(str, items)), "answer": str(items[0] + 1), "distractor": str(items[0] + 100)}


class ManyPromptsTest(ProgramTest):
    count = 0  # of clean prompts, and of corrupted ones
    family_memory_gb = 0.0  # so little that they do not fit at once
    most_megabytes = 0  # of the whole process

    def setUp(self):
        super().setUp()
        self.write("family.json", {"clean": list(prompts(self.count, 1)), "corrupted": list(prompts(self.count, 2))})

    def write_job(self, output, **keys_of_run):
        self.write("job.yaml", {
            "model": {"path": str(MODELS / "tiny-a")}, "families": [{"name": "many", "file": "family.json"}],
            "search": {"threshold": 20, "allow_nonpositive_baseline": True},
            "run": {"output": output, "precision": "fp32", "threads": 1, "audit": 0} | keys_of_run})

    def megabytes_of(self, *arguments):
        """Runs to the end; the most memory that the process has had."""
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, DONE, said)
        return usage.ru_maxrss / 1024

    def planned(self):
        """(megabytes, prompts at a time) that plan says."""
        said = self.run_program("plan", "job.yaml", code=DONE, timeout=600).stdout
        found = re.search(r"memory: (\d+) MB for rank 0: .*, (\d+) prompts in parts of (\d+)", said)
        self.assertIsNotNone(found, said)
        self.assertEqual(int(found[2]), self.count)
        return int(found[1]), int(found[3])

    def check_memory(self):
        self.write_job("runs", family_memory_gb=self.family_memory_gb)
        megabytes, in_parts = self.planned()
        self.assertLess(in_parts, self.count / 2)
        used = self.megabytes_of("run", "job.yaml")
        print(f"{self.count} prompts in parts of {in_parts}: {used:.0f} MB, planned {megabytes} MB")
        self.assertLess(used, self.most_megabytes)
        self.assertLess(used, 1.2 * megabytes)
        self.assertGreater(used, 0.8 * megabytes)

    def run_of(self, output):
        return self.folder / output / "job" / "many.file.T20.h5"
