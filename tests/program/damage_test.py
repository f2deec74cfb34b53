"""Damaged run files are refused; damage_long_test tries many more."""
import unittest

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from damage import REFUSED, SEAL_BYTES, DamageTest
from headsweep_program import USERS_MISTAKE
from tried import tried


class DamagedTest(DamageTest):
    def test_flipped_bits(self):
        self.flip_bits(60, seed=1)
        tried("fault", "a run file with a flipped bit, 60 places", REFUSED)

    def test_cut_off(self):
        self.cut_off([0, 1, 8, 100, 2048, len(self.whole) // 2, len(self.whole) - SEAL_BYTES - 1,
                      len(self.whole) - SEAL_BYTES + 1, len(self.whole) - 40, len(self.whole) - 1])
        self.assert_taken_up(self.whole[:-SEAL_BYTES])
        self.assert_taken_up(self.whole)
        tried("fault", "a run file cut off at 10 lengths", REFUSED)

    @unittest.skipIf(h5py is None, "h5py is not installed")
    def test_changed_by_another_program(self):
        """Which takes the checksum off: what it has changed must still follow from itself."""
        self.path.write_bytes(self.whole)
        with h5py.File(self.path, "r+") as file:
            decisions = file["decisions"][:]
            decisions["removed"][3] ^= 1
            file["decisions"][:] = decisions
        self.assertNotIn(b"\nheadsweep sha256 ", self.path.read_bytes()[-SEAL_BYTES:])
        for arguments in self.readers():
            done = self.run_program(*arguments, code=USERS_MISTAKE)
            self.assertIn("mixed.file.T3.h5: ", done.stderr)
        tried("fault", "a decision changed by h5py in a run file, which takes its checksum off", "refused, exit 2")


if __name__ == "__main__":
    headsweep_program.main()
