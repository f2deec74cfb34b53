"""A checkpoint that changes while it is computed with: nothing is kept that was found with other weights than the run file
names."""
import os
import subprocess
import sys

import headsweep_program
from faults import FaultsTest
from headsweep_program import DONE, USERS_MISTAKE
from tried import tried


class CheckpointTest(FaultsTest):
    repeats = 8  # long enough to be met in mid-run

    def flip_last_byte(self, path):
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([byte ^ 1]))

    def test_written_into(self):
        weights = self.own_checkpoint()
        process = self.in_mid_run()
        self.flip_last_byte(weights)
        self.assert_failed(*self.ended(process), r"model/model\.safetensors: the checkpoint changed while it was computed with",
                           "put the old file back and give the same command again")
        self.assertNotEqual(self.json_of("show", self.path)["status"], "complete")
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertIn("is the file of another run (model_sha256 is ", refused.stderr)
        self.flip_last_byte(weights)
        self.assert_nothing_lost()
        tried("fault", "the checkpoint is written into in mid-run",
              "message, exit 1; what is in the run file was found before; with the old checkpoint the same command ends with "
              "the same bits")

    def test_truncated(self):
        weights = self.own_checkpoint()
        whole = weights.read_bytes()
        process = self.in_mid_run()
        os.truncate(weights, 100)
        code, messages = self.ended(process)
        self.assert_failed(code, messages, r"model/model\.safetensors: (was truncated|the checkpoint changed)")
        weights.write_bytes(whole)
        self.assert_nothing_lost()
        tried("fault", "the checkpoint is truncated in mid-run", "message, exit 1; nothing that was found is lost")

    def test_replaced_touched_or_removed(self):
        weights = self.own_checkpoint()
        whole = weights.read_bytes()
        process = self.in_mid_run()
        os.utime(weights)
        other = weights.with_name("other")
        other.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        other.rename(weights)
        code, messages = self.ended(process)
        self.assertEqual(code, DONE, messages)
        self.assert_complete()
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertIn("is the file of another run (model_sha256 is ", refused.stderr)
        self.path.unlink()
        weights.write_bytes(whole)
        process = self.in_mid_run()
        weights.unlink()
        code, messages = self.ended(process)
        self.assertEqual(code, DONE, messages)
        self.assert_complete()
        tried("fault", "the checkpoint is replaced by another, removed, or only touched in mid-run",
              "the run ends with the file that it has open, to the same bits; the next start sees that it is another")

    def test_changed_without_a_new_time_stamp(self):
        """Stores into a shared map of a file in memory leave its time stamps as they were."""
        self.mounted(self.folder / "memory", "64m")
        weights = self.own_checkpoint(self.folder / "memory")
        process = self.in_mid_run()
        before = os.stat(weights)
        store = ("import mmap, sys\n"
                 "with open(sys.argv[1], 'r+b') as file, mmap.mmap(file.fileno(), 0) as bytes:\n"
                 "    bytes[-1] ^= 1\n")
        subprocess.run([sys.executable, "-c", store, weights], check=True)
        after = os.stat(weights)
        self.assertEqual((before.st_mtime_ns, before.st_ctime_ns), (after.st_mtime_ns, after.st_ctime_ns))
        self.assert_failed(*self.ended(process), "the checkpoint changed while it was computed with")
        self.assertEqual(self.json_of("show", self.path)["status"], "spoilt")
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertRegex(refused.stderr, r"another run|is spoilt: the checkpoint changed")
        subprocess.run([sys.executable, "-c", store, weights], check=True)
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE)
        self.assertRegex(refused.stderr, r"is spoilt: the checkpoint changed .* remove it, and give the same command again")
        self.path.unlink()
        self.assert_finishes()
        tried("fault", "the checkpoint's bytes change and no time stamp says so",
              "seen by the hash at the end: the run is marked spoilt, exit 1, and never gone on with")


if __name__ == "__main__":
    headsweep_program.main()
