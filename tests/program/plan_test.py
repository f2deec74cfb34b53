#!/usr/bin/env python3
"""What plan says of several ranks, what it simulates, and what bench cost measures for that."""
import csv
import json
import unittest
import xml.dom.minidom

from headsweep_program import DONE, MODELS, USERS_MISTAKE, ProgramTest, family_file, job, main


class SeveralRanksTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.yaml",
                   job(MODELS / "tiny-a", {name: family_file(name) for name in ("even", "ragged")}, threshold=3))

    def plan(self, *options):
        return self.run_program("plan", "job.yaml", *options, code=DONE).stdout

    def test_says_how_families_lie_on_the_ranks_and_what_that_would_take(self):
        self.assertIn("1 rank: one family after the other", self.plan())
        self.assertIn("5 ranks: 2 families at once with 2 or 3 ranks each", self.plan("--ranks", 5))
        self.assertRegex(self.plan("--ranks", 5), r"expected: about \d+\.\d s, .*an estimate")
        fixed = self.plan("--ranks", 8, "--set", "run.ranks_per_family=3")
        self.assertIn("2 families at a time with 3 ranks each", fixed)

    def test_counts_what_the_search_removes(self):
        search = ["--set", "search.components=[heads, mlps]"]
        self.assertIn("(0 of 15 decisions made)", self.plan("--ranks", 3, *search))
        search += ["--set", "search.order=alternate"]
        self.assertIn("(0 of at least 15 decisions made)", self.plan(*search))
        self.run_program("run", "job.yaml", *search, "--set", "search.threshold=20", code=DONE)
        self.assertIn("nothing is left to do", self.plan(*search, "--set", "search.threshold=20"))
        search = ["--set", "search.granularity=position", "--set", "search.positions=own"]
        planned = self.plan("--ranks", 2, *search)
        self.assertIn("even.file.T3.h5 (0 of 72 decisions made)", planned)
        self.assertRegex(planned, r"expected: about \d+\.\d s, .*an estimate")

    def test_prints_a_line_for_sbatch_only_if_asked(self):
        self.assertNotIn("sbatch", self.plan("--ranks", 8))
        line = self.plan("--ranks", 8, "--ranks-per-node", 4, "--slurm").splitlines()[-1]
        self.assertRegex(line, r"^sbatch --nodes=2 --ntasks-per-node=4 --ntasks-per-socket=2 --cpus-per-task=\d+ "
                               r"--time=0:10:00 slurm/cpu.sbatch job.yaml$")

    def test_what_is_complete_takes_no_more_time(self):
        self.run_program("run", "job.yaml", code=DONE)
        self.assertIn("4 ranks: nothing is left to do", self.plan("--ranks", 4))


class SimulateTest(ProgramTest):
    """A model of 3 layers with 4 heads, and the decisions of its search as a trace."""

    def setUp(self):
        super().setUp()
        self.write("job.yaml", job(MODELS / "tiny-a", {"even": family_file("even")}, threshold=3))
        rows = [{"layer": layer, "head": head, "score_pct": 100 - 0.1 * (head + 4 * (2 - layer)), "removed": int(head < 3)}
                for layer in (2, 1, 0) for head in range(4)]
        with open(self.folder / "trace.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    def refused(self, *options):
        return self.run_program("plan", "job.yaml", *options, code=USERS_MISTAKE).stderr

    def test_makes_a_table_and_a_picture(self):
        out = self.run_program("plan", "job.yaml", "--simulate", "--trace", "trace.csv", "--picture", "p.svg",
                               code=DONE).stdout
        rows = [line.split() for line in out.splitlines() if line.lstrip()[:1].isdigit()]
        self.assertEqual([int(row[0]) for row in rows], [families for families in (1, 10, 100, 1000) for _ in range(13)])
        self.assertEqual([int(row[1]) for row in rows], 4 * [2 ** n for n in range(13)])
        self.assertEqual(xml.dom.minidom.parse(str(self.folder / "p.svg")).documentElement.tagName, "svg")

    def test_takes_the_costs_that_bench_cost_prints(self):
        cost = self.json_of("bench", "cost", "--model", MODELS / "tiny-a", "--trace", "trace.csv")
        self.assertEqual(len(cost["evaluation_seconds"]), 3)
        self.assertTrue(all(seconds > 0 for seconds in cost["evaluation_seconds"]))
        self.write("cost.json", cost | {"evaluation_seconds": [1, 1, 1], "circuits_side_by_side": 1,
                                        "loading_seconds": 0, "family_seconds": 0, "baseline_seconds": 0})
        out = self.run_program("plan", "job.yaml", "--simulate", "--trace", "trace.csv", "--cost", "cost.json",
                               code=DONE).stdout
        first = next(line.split() for line in out.splitlines() if line.lstrip()[:1] == "1")
        self.assertAlmostEqual(float(first[2]), 12, delta=0.01)

    def test_says_what_is_missing_or_does_not_fit(self):
        self.assertIn("--trace FILE", self.refused("--simulate"))
        self.assertIn("--simulate", self.refused("--trace", "trace.csv"))
        self.assertIn("missing.csv", self.refused("--simulate", "--trace", "missing.csv"))
        self.write("cost.json", json.dumps({"backend": "x"}))
        self.assertIn("cost.json: evaluation_seconds: is missing",
                      self.refused("--simulate", "--trace", "trace.csv", "--cost", "cost.json"))
        self.write("short.csv", "layer,head,score_pct,removed\n0,0,99,1\n")
        self.assertIn("short.csv", self.run_program("bench", "cost", "--model", MODELS / "tiny-a", "--trace", "short.csv",
                                                    code=USERS_MISTAKE).stderr)
        self.assertIn("1 layers of 1", self.refused("--simulate", "--trace", "short.csv"))


if __name__ == "__main__":
    main()
