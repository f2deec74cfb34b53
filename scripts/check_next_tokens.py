#!/usr/bin/env python3
"""Whether a model's next tokens are the published ones: check_next_tokens.py MODEL [TABLES].

TABLES (default: jobs/reference/next-tokens.json) is a list of {"text", "answer", "rank", "top": [[token, logit, percent], ...]}.
Asks `headsweep prompt` (build/headsweep, or $HEADSWEEP) and compares tokens, logits and percentages to the digits that are shown.
Exit code 1 if something differs."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HALF_A_DIGIT = 0.005 + 1e-4  # of two decimals; the program's own float32 may fall on the other side of a rounding


def differences(table, found):
    """What is not as published, a line each."""
    if found["rank"] != table["rank"]:
        yield f"the answer{table['answer']!r} has rank {found['rank']}, published is {table['rank']}"
    for place, (published, row) in enumerate(zip(table["top"], found["top"])):
        token, logit, percent = published
        _, here, logit_here, probability = row
        if here != token:
            yield f"place {place} is {here!r}, published is {token!r}"
        elif abs(logit_here - logit) > HALF_A_DIGIT or abs(100 * probability - percent) > HALF_A_DIGIT:
            yield f"{token!r} has logit {logit_here:.4f} and {100 * probability:.4f} %, published are {logit:.2f} and {percent:.2f} %"


def main(model, tables=ROOT / "jobs" / "reference" / "next-tokens.json"):
    program = os.environ.get("HEADSWEEP", ROOT / "build" / "headsweep")
    failed = 0
    for table in json.loads(pathlib.Path(tables).read_text()):
        asked = subprocess.run([program, "prompt", model, table["text"], table["answer"], "--json"], capture_output=True, text=True)
        if asked.returncode:
            sys.exit(asked.stderr.strip())
        found = list(differences(table, json.loads(asked.stdout)))
        failed += bool(found)
        print(f"{table['text']!r}: {'as published' if not found else 'DIFFERS'}")
        for line in found:
            print(f"  {line}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
