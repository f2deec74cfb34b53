#!/usr/bin/env python3
"""Whether the tests find the mistakes of tests/mutants/mutants.py: mutants.py SOURCE TREE [WORD]...

Makes each of them (whose name holds a WORD) in a copy of the sources in TREE, builds the tests that must find it, and runs
them. Fails if a mutant does not compile or lives, or if the tests fail without one."""
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True


def build(tree, targets):
    return subprocess.run(["cmake", "--build", tree / "build" / "mpi", "--target", *targets, "--", "--quiet"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)


def failing(tree, targets):
    """The first test that fails; None if none does."""
    for target in targets:
        folder, _, name = target.partition("_")
        if subprocess.run(["ctest", "--test-dir", tree / "build" / "mpi", "-R", f"^{folder}/{name}$", "--quiet", "--timeout", "120",
                           "--no-tests=error"], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode:
            return target
    return None


def copy(source, tree):
    """The sources, so that nobody's working copy is ever wrong; what was built there before stays."""
    tree.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.name in (".git", "build", "runs"):
            continue
        if entry.is_dir():
            shutil.rmtree(tree / entry.name, ignore_errors=True)
            shutil.copytree(entry, tree / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, tree)


def main(source, tree, words):
    sys.path.insert(0, str(source / "tests" / "mutants"))
    from mutants import MUTANTS
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant[0] for word in words)]
    if not chosen:
        sys.exit("no mutant is called that")
    copy(source, tree)
    for mutant in MUTANTS:  # an earlier run may have left what a mutant was compiled to
        (tree / mutant[1]).touch()
    configured = subprocess.run(["cmake", "--preset", "mpi", "-DHEADSWEEP_CUDA=OFF"], cwd=tree, stdout=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL)
    targets = sorted({target for mutant in chosen for target in mutant[4]})
    built = build(tree, targets)
    if configured.returncode or built.returncode:
        sys.exit(f"mutants: the tests do not build: {built.stdout}")
    if unhealthy := failing(tree, targets):
        sys.exit(f"mutants: {unhealthy} fails without any")
    problems = 0
    for name, file, before, after, killers in chosen:
        path = tree / file
        healthy = path.read_text()
        if healthy.count(before) != 1:
            sys.exit(f"mutants: {name}: {file} holds {healthy.count(before)} times: {before}")
        path.write_text(healthy.replace(before, after))
        built = build(tree, killers)
        killer = None if built.returncode else failing(tree, killers)
        path.write_text(healthy)
        outcome = "does not compile" if built.returncode else f"found by {killer}" if killer else "LIVES"
        problems += killer is None
        print(f"{name}: {outcome}", flush=True)
        if built.returncode:
            print(built.stdout)
    if problems:
        sys.exit(f"mutants: {problems} of {len(chosen)} not found")
    print(f"mutants: all {len(chosen)} found")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:])
