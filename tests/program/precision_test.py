"""Whatever the precision, decisions are those of exact arithmetic, or the run says that they are not."""
import json
import os

import headsweep_program
from headsweep_program import (DONE, GOLDEN, MACHINE_FAILED, MODELS, USERS_MISTAKE, ProgramTest, family_file,
                               golden, job)

NEAREST = "tiny-b.even.resample.all.T3"  # its nearest margin is 0.0008 percentage points


def heads_backward():
    for path in sorted(GOLDEN.glob("tiny-*.json")):
        expected = json.loads(path.read_text())
        if expected.get("order") == "backward" and expected["components"] == ["heads"] and "granularity" not in expected:
            yield path.stem, expected


class PrecisionTest(ProgramTest):
    def run_golden(self, name, precision, code=DONE, **run):
        expected = golden(name)
        value = job(MODELS / expected["model"], {expected["family"]: family_file(expected["family"])},
                    threshold=run.pop("threshold", expected["threshold"]), ablation=expected["ablation"],
                    positions=expected["positions"])
        self.number = getattr(self, "number", 0) + 1
        output = f"run{self.number}"
        value["run"] = {"output": output, "precision": precision} | run
        self.write("job.yaml", value)
        ended = self.run_program("run", "job.yaml", code=code)
        files = [path for path in (self.folder / output / "job").glob("*.h5") if path.name != "index.h5"]
        return ended, files[0] if files else None

    def shown(self, name, precision, **run):
        return self.json_of("show", self.run_golden(name, precision, **run)[1])

    def precisions(self):
        """Those that this processor has."""
        ended = self.run_golden(NEAREST, "bf16x3", code=None)[0]
        if ended.returncode == DONE:
            return ["auto", "fp32", "fp64", "bf16x3"]
        self.assertEqual(ended.returncode, USERS_MISTAKE)
        self.assertRegex(ended.stderr, "run.precision: bf16x3 .* AMX or AVX512-BF16; choose auto, fp32 or fp64")
        print("bf16x3: this processor has not got it")
        return ["auto", "fp32", "fp64"]

    def test_all_searches_end_as_the_references(self):
        searches = list(heads_backward())
        self.assertGreaterEqual(len(searches), 20)
        for precision in self.precisions():
            # The ladder takes all; a precision alone, of which it is made, some.
            for name, expected in searches if precision == "auto" else searches[::3]:
                with self.subTest(name, precision=precision):
                    shown = self.shown(name, precision)
                    self.assertEqual(shown["status"], "complete")
                    self.assertEqual([d["removed"] for d in shown["decisions"]],
                                     [removed for _, _, _, removed in expected["trace"]])
                    self.assertTrue(all(each["agrees"] for each in shown["audit"]))
                    for d in shown["decisions"]:
                        # What is not decided by more than the guard has climbed.
                        if precision == "auto" and d["rung"] != "fp64":
                            self.assertGreaterEqual(abs(d["margin"]), d["guard"])
                        if precision != "auto":
                            self.assertEqual(d["rung"], precision)

    def test_thresholds_next_to_a_score(self):
        exact = self.shown(NEAREST, "fp64")["decisions"]
        climbed = 0
        reached = [which for which, d in enumerate(exact)
                   if self.is_reached(exact[:which], 100 - d["score_percent"])]
        self.assertGreaterEqual(len(reached), 3)
        for which in reached[:2] + reached[-1:]:
            for distance in (1e-4, -1e-4, 1e-6, -1e-6, 1e-8, -1e-8):
                threshold = 100 - exact[which]["score_percent"] + distance
                with self.subTest(which, distance=distance):
                    found, file = {}, None
                    for precision in ("fp64", "auto"):
                        file = self.run_golden(NEAREST, precision, threshold=threshold, audit=0)[1]
                        found[precision] = self.json_of("show", file)["decisions"]
                    self.assertEqual([d["removed"] for d in found["auto"]], [d["removed"] for d in found["fp64"]])
                    self.assertEqual(self.run_program("verify", file, "--all", code=DONE).returncode, DONE)
                    climbed += sum(d["rung"] == "fp64" for d in found["auto"])
        self.assertGreater(climbed, 0, "some decision was too near for anything but fp64")

    @staticmethod
    def is_reached(before, threshold):
        """Whether decisions made at 3 % fall the same at this threshold, by far."""
        return threshold > 0.001 and all(
            (100 - d["score_percent"] < threshold - 0.001) == (100 - d["score_percent"] < threshold + 0.001) ==
            (100 - d["score_percent"] < 3) for d in before)

    def threshold_between(self, cheap, exact):
        """One at which the cheap precision decides otherwise than the exact one, once."""
        for which, (a, b) in enumerate(zip(cheap, exact)):
            threshold = 100 - (a["score_percent"] + b["score_percent"]) / 2
            if self.is_reached(exact[:which], threshold) and abs(a["score_percent"] - b["score_percent"]) > 1e-8:
                return which, threshold
        self.fail("no threshold lies between two scores")

    def test_the_audit_finds_a_decision_that_fp64_does_not_make(self):
        cheap, exact = (self.shown(NEAREST, precision)["decisions"] for precision in ("fp32", "fp64"))
        which, threshold = self.threshold_between(cheap, exact)
        ended, file = self.run_golden(NEAREST, "fp32", code=MACHINE_FAILED, threshold=threshold, audit=100)
        head = f"head {exact[which]['head']} of layer {exact[which]['layer']}"
        self.assertRegex(ended.stderr, f"headsweep: family 'even': {head} was (removed|kept) with score .*fp64")
        shown = self.json_of("show", file)
        self.assertEqual(shown["status"], "contradicted")
        self.assertIn(which, [each["decision"] for each in shown["audit"] if not each["agrees"]])
        self.assertIn("CONTRADICTED", self.run_program("show", file, code=DONE).stdout)
        # The mark stays, and costs nothing again.
        again = self.run_program("run", "job.yaml", code=MACHINE_FAILED)
        self.assertRegex(again.stderr, head)
        verified = self.run_program("verify", file, "--all", code=MACHINE_FAILED)
        self.assertRegex(verified.stdout, f"the first is decision {which}, {head}:\n"
                                          r"  the run  \w+ it: score \S+ %, margin \S+\n"
                                          r"  fp64     \w+ it: score \S+ %, margin \S+\n")
        # The ladder is not fooled.
        ladder = self.shown(NEAREST, "auto", threshold=threshold)["decisions"]
        self.assertEqual(ladder[which]["removed"], 100 - exact[which]["score_percent"] < threshold)

    def test_verify_elsewhere(self):
        file = self.run_golden("tiny-a.mixed.mean.union.T3", "auto")[1]
        decisions = self.json_of("show", file)["decisions"]
        sample = self.json_of("verify", file)["decisions"]
        self.assertGreaterEqual(len(sample), 4)
        self.assertLess(len(sample), len(decisions))
        all_of_them = self.json_of("verify", file, "--all")["decisions"]
        self.assertEqual(len(all_of_them), len(decisions))
        for found, made in zip(all_of_them, decisions):
            self.assertTrue(found["agrees"])
            self.assertAlmostEqual(found["exact_score_percent"], made["score_percent"], delta=made["guard"])
        moved = self.folder / "elsewhere.h5"
        os.rename(file, moved)
        self.run_program("verify", moved, "--model", MODELS / "tiny-a", code=DONE)
        other = self.run_program("verify", moved, "--model", MODELS / "tiny-b", code=USERS_MISTAKE)
        self.assertRegex(other.stderr, "not the weights that the run was made with")
        missing = self.run_program("verify", moved, "--model", "nowhere", code=USERS_MISTAKE)
        self.assertRegex(missing.stderr, "nowhere: the run's model is not there: .* --model")

    def test_the_audit_can_be_left_out_or_cover_everything(self):
        name = "tiny-a.even.mean.all.T3"
        self.assertEqual(self.shown(name, "auto", audit=0)["audit"], [])
        shown = self.shown(name, "auto", audit=100)
        below_fp64 = [n for n, d in enumerate(shown["decisions"]) if d["rung"] != "fp64"]
        self.assertEqual([each["decision"] for each in shown["audit"]], below_fp64)


if __name__ == "__main__":
    headsweep_program.main()
