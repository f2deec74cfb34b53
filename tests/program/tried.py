"""What a test has tried, and what came of it: rows of the table in docs/faults.md (scripts/fault_table.py)."""
import os
import pathlib
import sys

KINDS = ("input", "path", "fault", "warning", "load")


def tried(kind, what, outcome):
    """Called after the test has seen `outcome` with its own eyes. Both are phrases that are the same in every run: no
    times, no temporary folders."""
    folder = os.environ.get("HEADSWEEP_TRIED")
    if kind not in KINDS:
        raise ValueError(f"{kind}: not one of {', '.join(KINDS)}")
    if any("\t" in text or "\n" in text for text in (what, outcome)):
        raise ValueError(f"a row is one line: {what!r}, {outcome!r}")
    if not folder:
        return
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    test = pathlib.Path(sys.argv[0]).stem
    with open(pathlib.Path(folder) / f"{test}.tsv", "a", encoding="utf-8") as file:
        file.write(f"{kind}\t{what}\t{outcome}\t{test}\n")
