"""`report` and `export` from outside: the forms that other programs read, and what is refused."""
import ast
import csv
import io
import json
import re
import shutil
import tempfile

import headsweep_program
from headsweep_program import DONE, RefusalTest


class ReportTest(RefusalTest):
    made = None  # the runs, made once

    def setUp(self):
        super().setUp()
        if ReportTest.made is None:
            self.run_program("run", "job.yaml", code=DONE)
            ReportTest.made = tempfile.TemporaryDirectory(prefix="headsweep-test-")
            self.addClassCleanup(ReportTest.made.cleanup)
            shutil.copytree(self.folder / "runs", ReportTest.made.name, dirs_exist_ok=True)
        else:
            shutil.copytree(ReportTest.made.name, self.folder / "runs")
        self.shown = self.json_of("show", self.run_file("even"))

    def export(self, form, *arguments):
        return self.run_program("export", self.run_file("even"), "--format", form, *arguments, code=DONE).stdout

    def test_score_takes_the_circuit_that_was_exported(self):
        self.export("json", "-o", "found.json")
        scored = self.json_of("score", "job.yaml", "--circuit", "found.json", "--set", "run.precision=fp64")
        last = [each for each in self.shown["decisions"] if each["removed"]][-1]
        self.assert_close([scored["score_percent"]], [last["score_percent"]], 1e-3, "fp32 against fp64")
        self.assert_close(scored["per_prompt"], last["per_prompt"], 1e-4)

    def test_other_programs_read_what_is_exported(self):
        rows = list(csv.DictReader(io.StringIO(self.export("csv"))))
        self.assertEqual([(int(row["layer"]), int(row["head"]), float(row["score_percent"]), row["removed"] == "1") for row in rows],
                         [(d["layer"], d["head"], d["score_percent"], d["removed"]) for d in self.shown["decisions"]])
        circuit = [tuple(head) for head in self.shown["circuit"]]
        self.assertEqual(ast.literal_eval(self.export("arena")), {"even.file.T3": circuit})
        graph = json.loads(self.export("mib"))
        in_graph = [name for name, node in graph["nodes"].items() if re.match(r"a\d", name) and node["in_graph"]]
        self.assertEqual(in_graph, [f"a{layer}.h{head}" for layer, head in circuit])
        kept = re.findall(r'"(\d+\.\d+)"', self.export("dot"))
        self.assertEqual(kept, ["%d.%d" % head for head in circuit])

    def test_a_folder_of_runs_is_one_report(self):
        self.run_program("run", "job.yaml", "--set", "search.threshold=20", code=DONE)
        tables = self.run_program("report", "runs/job", "--format", "md", code=DONE).stdout
        self.assertRegex(tables, r"(?m)^\|\s+1 \| even\s+\| file\s+\|\s+3 \| backward \| mean\s+\| complete")
        self.assertRegex(tables, r"(?m)^\|\s+2 \| even\s+\| file\s+\|\s+20 \| backward \| mean\s+\| complete")
        self.assertIn("Overlap of circuits", tables)
        self.run_program("report", "runs/job/index.h5", "-o", "report.html", code=DONE)
        self.assertIn('"name":"even.file.T20"', (self.folder / "report.html").read_text())

    def test_a_run_whose_file_is_gone_is_shown_and_not_exported(self):
        (self.folder / "runs/job/even.file.T3.h5").unlink()
        tables = self.run_program("report", "runs/job", "--format", "md", code=DONE).stdout
        self.assertRegex(tables, r"\| even\s+\| file\s+\|\s+3 \| backward \| mean\s+\| missing\s+\|\s+\|")
        self.assert_refused(["export", "runs/job", "--format", "arena"], ["none of the runs is finished"])

    def test_refusals(self):
        run = self.run_file("even")
        shutil.copy(run, self.folder / "second.h5")
        (self.folder / "empty").mkdir()
        cases = [
            ("no run", ["report", "-o", "a.html"], ["report: RUN is required"]),
            ("no such file", ["report", "nowhere.h5", "-o", "a.html"], [r"nowhere\.h5: the run file does not exist; check the path"]),
            ("no run file", ["report", "job.yaml", "-o", "a.html"], [r"job\.yaml: is not an HDF5 file: name another"]),
            ("a folder without an index", ["export", "empty", "--format", "csv"], ["empty: is a folder without an index.h5: name a run file"]),
            ("a page for the terminal", ["report", run], ["a page is not for the terminal: name a file with -o report.html"]),
            ("no form", ["export", run], ["export: --format is required"]),
            ("no such form", ["export", run, "--format", "xml"], ["--format: xml not in"]),
            ("two circuits", ["export", run, "second.h5", "--format", "json"], ["this form holds one circuit, and there are 2 runs"]),
            ("over a run file", ["report", run, "-o", "second.h5"], [r"-o second\.h5: .* give another name"]),
            ("no such folder", ["report", run, "-o", "x/a.html"], [r"-o x/a\.html: there is no folder x; make it first"]),
        ]
        for name, arguments, patterns in cases:
            with self.subTest(name):
                self.assert_refused(arguments, patterns)


if __name__ == "__main__":
    headsweep_program.main()
