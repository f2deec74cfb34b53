#!/usr/bin/env python3
"""Checks and times a bundle of headsweep on this machine's GPU. Writes acceptance.log and acceptance.json.

Ends with 0 if no step failed, with 1 otherwise; what misses a target of speed is told, and is no failure."""
import argparse
import datetime
import os
import pathlib
import re
import shutil
import socket
import sys
import tempfile

from benchmarks import SHAPES, Benchmarks
from machine import describe, find_cuda_libraries
from searches import Searches
from steps import Failed, Skipped, Steps

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check_program(steps):
    program = ROOT / "bin" / "headsweep"
    version = steps.run([program, "--version"]).strip()
    steps.run([program, "model", ROOT / "jobs" / "demo-model"])
    return {"version": version}


def check_kernels(steps, program):
    """A GoogleTest program. With HEADSWEEP_REQUIRE_GPU=1 it fails itself where no GPU can be used."""
    out = steps.run([program, "--gtest_brief=1", f"--gtest_output=json:{os.devnull}"])
    if "] 0 tests from 0 test suites ran" in out:
        raise Skipped("it tests what this processor does not have")
    passed = re.search(r"\[  PASSED  \] (\d+) test", out)
    if not passed or int(passed[1]) == 0:
        raise Failed("no test passed")
    skipped = re.search(r"\[  SKIPPED \] (\d+) test", out)
    return {"passed": int(passed[1]), "skipped": int(skipped[1]) if skipped else 0}


def add_steps(steps, args, work):
    steps.step("machine", 30, lambda: describe(steps))
    steps.step("CUDA libraries", 30, lambda: find_cuda_libraries(steps, ROOT))
    steps.step("program", 30, lambda: check_program(steps))
    for program in sorted((ROOT / "tests").glob("kernels_*_test")):
        steps.step(program.name.replace("_", "/", 1), 60, lambda program=program: check_kernels(steps, program))
    searches = Searches(steps, ROOT, work, args.device)
    for precision in ["auto"] if args.quick else ["auto", "fp32", "fp64"]:
        steps.step(f"golden searches, {precision}", 90, lambda precision=precision: searches.golden(precision))
    for precision in ("auto", "fp32"):
        steps.step(f"demo, {precision}, here and on the CPU", 60, lambda precision=precision: searches.demo(precision))
    bench = Benchmarks(steps, ROOT, work, args.device, args.quick)
    for shape in list(SHAPES)[:1] if args.quick else SHAPES:
        steps.step(f"operations of {'a narrow model' if args.quick else shape}", 90, lambda shape=shape: bench.operations(shape))
    steps.step("random checkpoint", 60, bench.make_checkpoint)
    for precision in ("auto", "fp32"):
        steps.step(f"the seed's sweep, {precision}", 120, lambda precision=precision: bench.time_sweep(precision))
    steps.step("many families", 120, bench.many_families)
    steps.step("scores against the CPU", 90, bench.compare_with_cpu)
    steps.step("scores and time against PyTorch", 120, bench.compare_with_torch)


def main():
    parser = argparse.ArgumentParser(prog="gpu-acceptance.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: to try this where no GPU is")
    parser.add_argument("--quick", action="store_true", help="small models; nothing to quote, but everything runs")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder of the log and the JSON")
    parser.add_argument("--limit", type=float, default=600, help="seconds for everything (default: 600)")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only steps whose name has this regular expression")
    args = parser.parse_args()
    environment = dict(os.environ, HEADSWEEP_REQUIRE_GPU="1" if args.device == "cuda" else "0")
    for name in [name for name in environment if name.startswith(("OMPI_", "PMI_", "PMIX_", "HEADSWEEP_PLUGINS"))]:
        del environment[name]  # of a launcher: every step is a process alone
    facts = {"bundle": ROOT.name, "device": args.device, "quick": args.quick, "host": socket.gethostname(),
             "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
    work = pathlib.Path(tempfile.mkdtemp(prefix="headsweep-acceptance-"))
    steps = Steps(args.out, facts, environment, args.limit, args.only)
    try:
        add_steps(steps, args, work)
    finally:
        outcome = steps.write_json()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{outcome}: {args.out / 'acceptance.log'}, {args.out / 'acceptance.json'}")
    return 0 if outcome == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
