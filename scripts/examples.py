#!/usr/bin/env python3
"""The worked examples of docs/extending: examples.py apply SOURCE | build SOURCE TREE.

Each page there has a patch of its name, and a section "## Files" whose table lists the files that the patch touches. `apply` sees
whether that is so, and whether the patches can be applied, one after the other. `build` applies them to a copy of the sources
in TREE, builds the program and the tests that they touch, and runs those tests and the pages' blocks that are fenced as ```sh example."""
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True


def pages(source):
    found = sorted((source / "docs" / "extending").glob("*.md"))
    return [page for page in found if page.with_suffix(".patch").exists()]


def files_named(page):
    """By the table of the page's section "Files"."""
    section = re.search(r"^## Files\n(.*?)(?=^## |\Z)", page.read_text(encoding="utf-8"), re.S | re.M)
    return re.findall(r"^\| `([^`]+)` \|", section.group(1), re.M) if section else []


def files_touched(page):
    return re.findall(r"^\+\+\+ b/(\S+)", page.with_suffix(".patch").read_text(encoding="utf-8"), re.M)


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"examples: {' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-8000:]}")
    return done.stdout


def apply(page, tree):
    """As if the tree were no part of a repository."""
    run(["git", "apply", "-C1", "--whitespace=nowarn", page.with_suffix(".patch")], cwd=tree,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)})


def check_files(source):
    for page in pages(source):
        named, touched = sorted(files_named(page)), sorted(files_touched(page))
        if named != touched:
            sys.exit(f"examples: {page.name} lists {named}\nbut its patch touches {touched}")


def check_apply(source):
    check_files(source)
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder).resolve()
        for file in {file for page in pages(source) for file in files_touched(page)}:
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            if (source / file).exists():
                shutil.copy2(source / file, tree / file)
        for page in pages(source):
            apply(page, tree)
    print(f"examples: {len(pages(source))} patches can be applied")


def sources(source):
    """What is tracked or could be; all files where the sources are no repository."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    if listed.returncode == 0:
        return [file for file in listed.stdout.split("\0") if file and (source / file).exists()]
    return [str(path.relative_to(source)) for path in source.rglob("*")
            if path.is_file() and path.relative_to(source).parts[0] not in ("build", "runs")]


def patched_copy(source, tree):
    """Files that are there already keep their time, so that what was built before is built again only where something has changed."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = pathlib.Path(folder).resolve()
        for file in sources(source):
            (fresh / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, fresh / file)
            shutil.copymode(source / file, fresh / file)
        for page in pages(source):
            apply(page, fresh)
        wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
        there = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file() and path.relative_to(tree).parts[0] != "build"}
        for file in there - wanted:
            (tree / file).unlink()
        for file in wanted:
            if file not in there or not filecmp.cmp(fresh / file, tree / file, shallow=False):
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(fresh / file, tree / file)


def run_blocks(page, tree, program):
    for block in re.findall(r"^```sh example\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
        print(f"{page.name}: {block.strip()}", flush=True)
        run(["bash", "-euo", "pipefail", "-c", block], cwd=tree,
            env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"})


def build(source, tree):
    check_files(source)
    patched_copy(source, tree)
    tests = sorted({file[len("tests/"):-len(".cpp")] for page in pages(source) for file in files_touched(page)
                    if file.endswith("_test.cpp")} | {"io/job_keys_test"})
    # As quick to build as can be: one process, no GPU, nothing optimised.
    run(["cmake", "-S", tree, "-B", tree / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O0", "-DHEADSWEEP_MPI=OFF",
         "-DHEADSWEEP_CUDA=OFF", "-DHEADSWEEP_PRECOMPILE=ON"])
    targets = [test.replace("/", "_") for test in tests] + ["headsweep", "headsweep_cuda_emulated"]
    run(["cmake", "--build", tree / "build", "--target", *targets, "--", "--quiet"])
    names = "|".join(tests)
    print(run(["ctest", "--test-dir", tree / "build", "-R", f"^({names})(\\.gpu)?$", "--output-on-failure", "--no-tests=error"]))
    for page in pages(source):
        run_blocks(page, tree, tree / "build" / "pipeline" / "headsweep")
    print(f"examples: {len(pages(source))} built, their tests passed")


if __name__ == "__main__":
    arguments = [pathlib.Path(argument).resolve() for argument in sys.argv[2:]]
    if sys.argv[1:2] == ["apply"] and len(arguments) == 1:
        check_apply(*arguments)
    elif sys.argv[1:2] == ["build"] and len(arguments) == 2:
        build(*arguments)
    else:
        sys.exit(__doc__)
