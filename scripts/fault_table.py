#!/usr/bin/env python3
"""The table of faults and inputs in docs/faults.md, from what the tests have tried: fault_table.py write|check TRIED DOCUMENT.

TRIED is the folder that the tests wrote (HEADSWEEP_TRIED; tests/program/tried.py, tests/tried.h). The table stands between
two marks in DOCUMENT; `check` fails if the document says anything else than the tests have seen."""
import difflib
import pathlib
import sys

BEGIN, END = "<!-- the tests' table begins -->\n", "<!-- the tests' table ends -->\n"
TITLES = {"input": "Inputs", "path": "Paths and names", "fault": "Faults of the machine", "warning": "What would be silently wrong",
          "load": "Load"}


def rows(folder):
    """(kind, what, outcome, test), each once: a test may be run several times."""
    found = set()
    for path in sorted(folder.glob("*.tsv")):
        found.update(tuple(line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines())
    return sorted(found)


def table(found):
    def cell(text):
        return text.replace("|", "\\|").replace("<", "&lt;")

    text = ""
    for kind, title in TITLES.items():
        of_kind = [row for row in found if row[0] == kind]
        if of_kind:
            text += f"### {title}\n\n| tried | outcome | test |\n|---|---|---|\n"
            text += "".join(f"| {cell(what)} | {cell(outcome)} | `{test}` |\n" for _, what, outcome, test in of_kind) + "\n"
    return text


def main(action, tried, document):
    path = pathlib.Path(document)
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    found = rows(pathlib.Path(tried))
    if not found:
        sys.exit(f"{tried}: no test has left anything there (make check, make check-long)")
    new = before + BEGIN + "\n" + table(found) + END + after
    if action == "write":
        path.write_text(new, encoding="utf-8")
    elif new != text:
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), new.splitlines(True), document, "what the tests saw"))
        sys.exit(f"{document} is not what the tests saw: make fault-table")
    print(f"{document}: {len(found)} rows")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("write", "check"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
