"""Run files that were cut off or of which a bit is wrong: every command refuses them, and leaves them as they are."""
import random

from headsweep_program import USERS_MISTAKE, results
from long_run import LongRunTest

REFUSED = "refused by run, plan, show, verify, report, export and knockout, exit 2; the file is left as it is"
SEAL_BYTES = 18 + 64 + 1  # "\nheadsweep sha256 ", the hash, "\n"


class DamageTest(LongRunTest):
    repeats = 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.whole = (cls.template / "runs" / "job" / "mixed.file.T3.h5").read_bytes()

    def setUp(self):
        super().setUp()
        self.path.parent.mkdir(parents=True)

    def readers(self):
        name = str(self.path.relative_to(self.folder))
        return [("run", "job.yaml"), ("show", name), ("verify", name), ("report", name, "-o", "report.html"),
                ("export", name, "--format", "csv"), ("knockout", name), ("plan", "job.yaml")]

    def assert_refused(self, content, what):
        self.path.write_bytes(content)
        for arguments in self.commands_in_turn(self.readers()):
            with self.subTest(what, command=arguments[0]):
                before = self.files()
                done = self.run_program(*arguments, code=USERS_MISTAKE)
                ours = [line for line in done.stderr.splitlines() if line.startswith("headsweep: ")]
                self.assertEqual(len(ours), 1, done.stderr)
                self.assertRegex(ours[0], r"mixed\.file\.T3\.h5: (is damaged: .*; copy it again, or remove it"
                                 r"|is not an HDF5 file)")
                self.assertEqual(self.path.read_bytes(), content, "the file was written to")
                self.assertEqual([name for name in self.files() if name not in before], [])

    def flip_bits(self, count, seed):
        places = random.Random(seed)
        for _ in range(count):
            bit = places.randrange(8 * len(self.whole))
            flipped = bytearray(self.whole)
            flipped[bit // 8] ^= 1 << bit % 8
            self.assert_refused(bytes(flipped), f"bit {bit}")

    def cut_off(self, lengths):
        for length in lengths:
            # Cut off where the seal begins, nothing of what was found is missing.
            if length != len(self.whole) - SEAL_BYTES:
                self.assert_refused(self.whole[:length], f"{length} bytes")

    def assert_taken_up(self, content):
        """As a file that is whole."""
        self.path.write_bytes(content)
        shown = self.json_of("show", self.path)
        self.assertEqual({key: results(shown)[key] for key in self.expected}, self.expected)
