"""`knockout`, `faithfulness`, `curve`, `compare`: from outside, alone, on ranks, and as part of a job."""
import headsweep_program
import mpi_environment
from headsweep_program import DONE, RefusalTest

FEW = ["--random", "3", "--restarts", "2", "--iterations", "2", "--candidates", "3"]


class AnalysisTest(RefusalTest):
    def analysis_files(self):
        return {path: path.stat().st_mtime_ns for path in (self.folder / "runs").rglob("*.h5")
                if path.name.endswith(".analysis.h5") or path.name == "comparison.h5"}

    def test_a_job_makes_its_analyses_and_the_commands_show_them(self):
        self.write("job.yaml", headsweep_program.JOB.replace("threshold: 3.0", "threshold: [3.0, 20.0]") +
                   "analyses: {make: [knockout, faithfulness, curve, compare], random: 3, restarts: 2, iterations: 2, candidates: 3}\n")
        planned = self.run_program("plan", "job.yaml", code=DONE).stdout
        self.assertIn("analyses, at most: knockout (27 evaluations for each run)", planned)
        self.run_program("run", "job.yaml", code=DONE)
        made = self.analysis_files()
        self.assertEqual(sorted(path.name for path in made),
                         ["comparison.h5", "even.file.T20.analysis.h5", "even.file.T3.analysis.h5"])
        again = self.run_program("run", "job.yaml", code=DONE)
        self.assertIn("analyses of 2 runs (were there already)", again.stdout)

        shown = self.json_of("show", self.run_file("even"))
        knockouts, curve = (self.json_of(command, self.run_file("even"))["runs"][0] for command in ("knockout", "curve"))
        faithfulness = self.json_of("faithfulness", self.run_file("even"), *FEW)["runs"][0]
        compared = self.json_of("compare", "runs/job")
        self.assertEqual(self.analysis_files(), made, "nothing is made twice")
        self.check_knockouts(knockouts, shown)
        self.check_faithfulness(faithfulness, shown)
        self.assertEqual(curve["sizes"][-1]["normalised"], 1)
        self.assertEqual(curve["search"][-1], [len(shown["circuit"]), faithfulness_score(shown)])
        self.assertEqual(compared["circuits"], ["even.file.T3", "even.file.T20"])
        self.assertEqual(compared["means"][0], [faithfulness["circuit"]])
        for command in ("knockout", "curve", "compare"):
            self.assertIn("even.file.T3", self.run_program(command, "runs/job", code=DONE).stdout)

    def check_knockouts(self, found, shown):
        golden = headsweep_program.golden("analyses")[0]
        for side in ("without", "alone"):
            self.assert_close([each[side] for each in found["knockouts"]], [each[side] for each in golden["knockouts"]],
                              1e-4, "fp32 against fp64")
        self.assertEqual([[each["layer"], each["head"]] for each in found["knockouts"]],
                         [each["component"] for each in golden["knockouts"]])

    def check_faithfulness(self, found, shown):
        self.assert_close([found["score_percent"]], [faithfulness_score(shown)], 1e-3, "fp32 against fp64")
        self.assertEqual([each["choice"] for each in found["completeness"]].count("random"), 3)
        circuit = [[each["layer"], each["head"]] for each in found["completeness"][-1]["removed"]]
        self.assertEqual(circuit, shown["circuit"], "the whole circuit is the last subset")
        self.assertEqual([[each["layer"], each["head"]] for each in found["minimality"]], shown["circuit"])

    def test_what_changed_is_made_again(self):
        self.run_program("run", "job.yaml", code=DONE)
        first = self.json_of("faithfulness", self.run_file("even"), *FEW)["runs"][0]
        other = self.json_of("faithfulness", self.run_file("even"), *FEW, "--seed", "1")["runs"][0]
        self.assertNotEqual(first["completeness"], other["completeness"])
        exact = self.json_of("knockout", self.run_file("even"), "--precision", "fp64")["runs"][0]
        self.assertEqual(exact["identity"]["rung"], "fp64")
        golden = headsweep_program.golden("analyses")[0]
        self.assert_close([exact["full"], exact["circuit"], exact["nothing"]],
                          [golden["full"], golden["circuit"], golden["nothing"]], 1e-10)

    def test_refusals(self):
        self.run_program("run", "job.yaml", code=DONE)
        run = self.run_file("even")
        cases = [
            ("no run", ["knockout"], ["knockout: RUN is required"]),
            ("no such file", ["curve", "nowhere.h5"], [r"nowhere\.h5: the run file does not exist"]),
            ("another model", ["knockout", run, "--model", headsweep_program.MODELS / "tiny-b"], ["this model has 6 layers"]),
            ("no model", ["compare", run, "--model", "nowhere"], ["nowhere: the run's model is not there"]),
            ("no such precision", ["curve", run, "--precision", "fp8"], ["--precision"]),
        ]
        for name, arguments, patterns in cases:
            with self.subTest(name):
                self.assert_refused(arguments, patterns)


class AnalysesOnRanksTest(mpi_environment.RanksTest):
    def test_ranks_find_what_one_process_finds(self):
        self.write("job.yaml", headsweep_program.job(headsweep_program.MODELS / "tiny-a",
                                                     {name: headsweep_program.family_file(name) for name in ("even", "step3")}))
        self.run_program("run", "job.yaml", code=DONE)
        for command in (["knockout"], ["faithfulness", *FEW], ["compare"]):
            alone = self.json_of(*command, "runs/job")
            for path in (self.folder / "runs/job").glob("*"):
                if path.name.endswith(".analysis.h5") or path.name == "comparison.h5":
                    path.unlink()
            self.run_ranks(3, *command, "runs/job", code=DONE)
            together = self.json_of(*command, "runs/job")
            of_each = zip(alone.pop("runs"), together.pop("runs")) if "runs" in alone else [(alone, together)]
            for one, three in of_each:
                self.assertEqual((one.pop("provenance")["ranks"], three.pop("provenance")["ranks"]), ("1", "3"))
                self.assertEqual(three, one)


def faithfulness_score(shown):
    return [each for each in shown["decisions"] if each["removed"]][-1]["score_percent"]


if __name__ == "__main__":
    headsweep_program.main()
