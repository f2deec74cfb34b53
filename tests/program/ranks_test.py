"""However many ranks work on a job, and however they share it, its run files hold the same bits."""
import re
import shutil

import headsweep_program
from headsweep_program import DONE, MODELS, family_file, job, results, run_name
from mpi_environment import RanksTest

FAMILIES = ["even", "mixed", "numwords", "ragged"]
GUARD_CIRCUITS = 9
SHARED = [  # ranks, speculation, ranks_per_family
    (1, "auto", "auto"), (2, "auto", 1), (2, "off", 2), (3, "auto", "auto"), (3, "off", "auto"), (4, "auto", 2),
    (4, "off", "auto"), (4, "auto", "auto"), (4, "auto", 1)]


class SameBitsTest(RanksTest):
    def runs_of(self, output, order, ablation="mean", **_):
        return {name: self.json_of("show", self.folder / output / "job" / f"{run_name(name, 3, order, ablation)}.h5")
                for name in FAMILIES}

    def assert_work_adds_up(self, shown, speculation):
        work, waves = shown["work"], [decision["wave"] for decision in shown["decisions"]]
        rungs = len(shown["precision"]["rungs"])
        used = len(shown["decisions"]) + len(shown["single_removals"])
        # What is too near is scored again one rung up; and there are the guards' circuits, and the audit's.
        at_most = rungs * (used + GUARD_CIRCUITS) + len(shown["audit"])
        # Not in order: a decision that was checked again when a guard widened has the later wave.
        self.assertGreaterEqual(min(waves), 1)
        self.assertGreaterEqual(work["waves"], max(waves))
        # A single removal that is also the layer's first trial is scored once for both.
        self.assertLessEqual(work["evaluations"] - work["discarded"], at_most)
        self.assertGreaterEqual(work["evaluations"], len(shown["decisions"]))
        self.assertGreaterEqual(work["compute_seconds"], 0)
        if speculation == "off":
            self.assertEqual(work["discarded"], 0)

    def take_over_ladder(self, output, order, ablation="mean", **_):
        """Costs are measured when a job begins, and choose the rungs; a job that goes on takes those in its files."""
        folder = self.folder / output / "job"
        folder.mkdir(parents=True)
        shutil.copy(self.folder / "alone/job" / f"{run_name(FAMILIES[-1], 3, order, ablation)}.h5", folder)

    def assert_same_bits(self, model, order, shared=SHARED, **search):
        value = job(MODELS / model, {name: family_file(name) for name in FAMILIES}, threshold=3, order=order, **search)
        self.write("job.yaml", value | {"run": {"output": "alone"}})
        self.run_program("run", "job.yaml", code=DONE)
        expected = {name: results(shown) for name, shown in self.runs_of("alone", order, **search).items()}
        for ranks, speculation, ranks_per_family in shared:
            output = f"{ranks}-{speculation}-{ranks_per_family}"
            self.write("job.yaml", value | {"run": {"output": output, "speculation": speculation,
                                                    "ranks_per_family": ranks_per_family}})
            self.take_over_ladder(output, order, **search)
            with self.subTest(output, model=model, order=order):
                self.run_ranks(ranks, "run", "job.yaml", code=DONE)
                for name, shown in self.runs_of(output, order, **search).items():
                    self.assertEqual(shown["status"], "complete")
                    for key, content in expected[name].items():
                        self.assertEqual(results(shown)[key], content, f"{name}: {key}")
                    self.assertTrue({decision["rank"] for decision in shown["decisions"]} <= set(range(ranks)))
                    if name != FAMILIES[-1]:
                        self.assert_work_adds_up(shown, speculation)

    def test_tiny_a_backward(self):
        self.assert_same_bits("tiny-a", "backward")

    def test_tiny_a_importance(self):
        self.assert_same_bits("tiny-a", "importance")

    def test_tiny_b_backward(self):
        self.assert_same_bits("tiny-b", "backward")

    def test_tiny_b_importance(self):
        self.assert_same_bits("tiny-b", "importance")

    def test_tiny_a_alternate_with_mlps(self):
        self.assert_same_bits("tiny-a", "alternate", [(3, "auto", "auto"), (4, "off", 2)], components=["heads", "mlps"],
                              mlp_means="under_head_mask")

    def test_tiny_a_by_position(self):
        self.assert_same_bits("tiny-a", "backward", [(4, "auto", "auto")], components=["heads", "mlps"], positions="own",
                              granularity="position")

    def test_tiny_neox_with_mlps(self):
        # No good at sentences: the baseline of two families is what it is.
        self.assert_same_bits("tiny-neox", "backward", [(2, "auto", 1), (3, "off", "auto"), (4, "auto", 2)],
                              components=["heads", "mlps"], allow_nonpositive_baseline=True)

    def test_other_commands_are_left_to_rank_0(self):
        self.write("job.yaml", job(MODELS / "tiny-a", {"even": family_file("even")}, threshold=3) |
                   {"run": {"precision": "fp32"}})
        for arguments in (["--version"], ["--help"], ["run", "--help"], ["plan", "job.yaml"],
                          ["prompt", MODELS / "tiny-a", "2 4 6", " 8", "--json"]):
            with self.subTest(arguments[0]):
                alone = self.run_program(*arguments, code=DONE)
                code, stdout, stderr = self.ended(self.start_ranks(3, *arguments))
                # How much memory was used differs by a megabyte or two, and times differ.
                said, expected = (re.sub(r"memory: \d+ MB|program \d+|[\d.]+ s\b", "measured", text) for text in (stdout, alone.stdout))
                self.assertEqual((code, said, stderr), (DONE, expected, alone.stderr))


class ThresholdsTest(RanksTest):
    def write_job(self, thresholds, output):
        """In one precision: which are on a ladder is measured, and could be others for each run."""
        families = {name: family_file(name) for name in FAMILIES[:2]}
        self.write("job.yaml", job(MODELS / "tiny-b", families, threshold=thresholds) |
                   {"run": {"output": output, "precision": "fp32"}})

    def test_each_finds_what_it_finds_alone_for_less(self):
        """Up to where their decisions part, thresholds share every score."""
        thresholds = [3, 12, 0.5]
        alone, evaluations = {}, 0
        for threshold in thresholds:
            self.write_job(threshold, "alone")
            self.run_program("run", "job.yaml", code=DONE)
            for name in FAMILIES[:2]:
                shown = self.json_of("show", self.folder / "alone/job" / f"{name}.file.T{threshold}.h5")
                alone[name, threshold] = results(shown)
                evaluations += shown["work"]["evaluations"]
        for ranks in (1, 3):
            output = f"ranks{ranks}"
            self.write_job(thresholds, output)
            self.run_ranks(ranks, "run", "job.yaml", code=DONE)
            together = 0
            for (name, threshold), expected in alone.items():
                with self.subTest(name, threshold=threshold, ranks=ranks):
                    shown = self.json_of("show", self.folder / output / "job" / f"{name}.file.T{threshold}.h5")
                    self.assertEqual(results(shown), expected)
                    together += shown["work"]["evaluations"] - shown["work"]["discarded"]
            self.assertLess(together, evaluations)


if __name__ == "__main__":
    headsweep_program.main()
