"""Damaged run files are refused: many of them."""
import random

import headsweep_program
from damage import REFUSED, SEAL_BYTES, DamageTest
from tried import tried


class ManyDamagedTest(DamageTest):
    def test_flipped_bits(self):
        self.flip_bits(1000, seed=2)
        tried("fault", "a run file with a flipped bit, 1000 places", REFUSED)

    def test_cut_off(self):
        lengths = random.Random(3).sample(range(len(self.whole)), 200)
        end = range(len(self.whole) - SEAL_BYTES - 10, len(self.whole))
        self.cut_off([*lengths, *end])
        tried("fault", "a run file cut off at 200 random lengths and each of the last 93", REFUSED)


if __name__ == "__main__":
    headsweep_program.main()
