"""The code of docs/python.md runs as it stands, on the demo's run file, and what it computes is right."""
import contextlib
import importlib
import io
import os
import re
import sys
import unittest

import headsweep_program
from headsweep_program import DONE, SOURCE, ProgramTest

PACKAGES = ("h5py", "pandas", "matplotlib")


def is_missing(package):
    try:
        importlib.import_module(package)
    except ImportError:
        return True
    return False


MISSING = [package for package in PACKAGES if is_missing(package)]


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)} (scripts/install_packages.sh --with-tools)")
class PythonPageTest(ProgramTest):
    def run_page(self):
        """The names that the page's code has defined, and what it printed."""
        page = SOURCE / "docs" / "python.md"
        blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 5)
        names, printed = {}, io.StringIO()
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(printed):
                for number, block in enumerate(blocks, 1):
                    exec(compile(block, f"{page}, block {number}", "exec"), names)
        finally:
            os.chdir(before)
        return names, printed.getvalue()

    def test_the_page_runs_and_finds_what_show_finds(self):
        import matplotlib
        matplotlib.use("Agg")
        for threshold in (3, 20):
            self.run_program("run", SOURCE / "jobs" / "demo.yaml", "--set", f"run.output={self.folder / 'runs'}",
                             "--set", f"search.threshold={threshold}", code=DONE)
        self.run_program("knockout", "runs/demo/even-step2.repeat_last.T3.h5", code=DONE)
        names, printed = self.run_page()
        self.addCleanup(names["run"].close)
        self.addCleanup(names["analysis"].close)
        self.addCleanup(names["index"].close)
        shown, other = (self.json_of("show", self.folder / f"runs/demo/even-step2.repeat_last.T{t}.h5") for t in (3, 20))

        drawn = names["image"].get_array()
        for each in shown["decisions"]:
            self.assertEqual(drawn[each["layer"], each["head"]], each["score_percent"])
        heads = [[each["layer"], each["head"]] for each in shown["decisions"]]
        self.write("without.json", {"heads": [head for head in heads if head != [1, 1]]})
        without = self.json_of("score", SOURCE / "jobs" / "demo.yaml", "--circuit", "without.json")
        self.assertAlmostEqual(names["lost_image"].get_array()[1, 1], 100 - without["score_percent"], delta=1e-3, msg="fp32 against fp64")
        removed = [each for each in shown["decisions"] if each["removed"]]
        self.assertEqual(names["circuit_score"].iloc[-1], removed[-1]["score_percent"])
        self.assertEqual(names["circuit"].tolist(), removed[-1]["per_prompt"])
        score = float(re.search(r"^score: ([\d.]+) %$", printed, re.MULTILINE).group(1))
        self.assertAlmostEqual(score, removed[-1]["score_percent"], delta=1e-3, msg="the full model's are in another precision")
        a, b = ({tuple(head) for head in found["circuit"]} for found in (shown, other))
        self.assertEqual(names["jaccard"].to_numpy().tolist(), [[1, len(a & b) / len(a | b)], [len(a & b) / len(a | b), 1]])
        for picture in ("heads.png", "curve.png", "knockouts.png"):
            self.assertGreater((self.folder / picture).stat().st_size, 5000)


if __name__ == "__main__":
    if MISSING and os.environ.get("HEADSWEEP_REQUIRE_TOOLS") == "1":
        sys.exit(f"not installed: {', '.join(MISSING)}, and HEADSWEEP_REQUIRE_TOOLS=1 requires it")
    headsweep_program.main()
