#!/usr/bin/env python3
"""Time headsweep's sweep and PyTorch's (peers.py of the reference) in turn, on the same checkpoint and decisions.

  compare_sweep.py --model DIR --peers PEERS.PY --python PYTHON [--runs 3] [--threads 2] [--notebook N]

PYTHON is an interpreter with the reference's packages. Prints each run, the medians, their ratio, and how far the scores
of the two are apart. Let nothing else run meanwhile.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "jobs" / "reference" / "add2.csv"


def run(command, threads):
    """The JSON lines that a command prints."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def headsweep(args, precision):
    return run([args.program, "bench", "sweep", "--model", args.model, "--decisions", DECISIONS, "--threads", str(args.threads),
                "--precision", precision, "--json"], args.threads)[0]


def peers(args, notebook):
    command = [args.python, args.peers, args.model, "--decisions", DECISIONS, "--notebook", str(notebook), "--threads",
               str(args.threads)]
    return {line["peer"]: line for line in run(command, args.threads)}


def largest_difference(a, b):
    by_head = {(layer, head): score for layer, head, score in a}
    return max(abs(by_head[layer, head] - score) for layer, head, score in b)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peers", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--program", default=ROOT / "build" / "headsweep")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", default="fp32", help="separated by commas: fp32,auto")
    parser.add_argument("--notebook", type=int, default=0, help="candidates of the notebook's loop to time in the last run")
    args = parser.parse_args()
    precisions = args.precisions.split(",")
    ours, theirs, last = {precision: [] for precision in precisions}, [], {}
    for number in range(args.runs):
        for precision in precisions:
            last[precision] = headsweep(args, precision)
            ours[precision].append(last[precision]["seconds"])
        peer = peers(args, args.notebook if number == args.runs - 1 else 0)
        theirs.append(peer["expert"]["seconds"])
        print(", ".join(f"{precision} {ours[precision][-1]:.2f} s" for precision in precisions), f"expert {theirs[-1]:.2f} s",
              sep=", ", flush=True)
    for precision, own in last.items():
        seconds = ours[precision]
        print(f"{precision}: median {statistics.median(seconds):.2f} s, ratio "
              f"{statistics.median(o / t for o, t in zip(seconds, theirs)):.3f} of expert's {statistics.median(theirs):.2f} s; "
              f"loading {own['load_seconds']:.2f} s before; {own['peak_memory_bytes'] / 1e6:.0f} MB at most; "
              f"largest difference of a score {largest_difference(own['scores'], peer['expert']['scores']):.6f} percentage points")
        print("   " + ", ".join(f"{rung['name']} {rung['decisions']} decisions (guard {rung['guard']:.6f})" for rung in own["rungs"]))
    print(own["backend"])
    if "notebook" in peer:
        print(f"notebook: {peer['notebook']['seconds']:.0f} s, reckoned from {peer['notebook']['candidates']} candidates")


if __name__ == "__main__":
    main()
