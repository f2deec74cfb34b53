#!/usr/bin/env python3
"""Registers and shared memory of the CUDA kernels, as ptxas reports them; a spill or a stack frame is an error.

    kernel_resources.py launch COMPILER ARGUMENTS...   compiles, and keeps ptxas' report beside the object file
    kernel_resources.py table TREE                     the table of a build tree, for docs/cuda-kernels.md
    kernel_resources.py check TREE PAGE                exit 1 if PAGE has another table, or a kernel spills
"""
import re
import subprocess
import sys
from pathlib import Path

REPORT = ".ptxas"
ENTRY = re.compile(r"Compiling entry function '(?P<name>\w+)' for '(?P<generation>sm_\d+)'")
SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")


def launch(command):
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    report = [line for line in done.stderr.splitlines() if line.startswith("ptxas info")
              or "bytes stack frame" in line or "Compile time" in line]
    print("\n".join(line for line in done.stderr.splitlines() if line not in report), end="", file=sys.stderr)
    if done.returncode == 0 and "-o" in command:
        Path(command[command.index("-o") + 1] + REPORT).write_text("\n".join(report) + "\n")
    return done.returncode


def demangled(names):
    plain = subprocess.run(["c++filt", *names], capture_output=True, text=True, check=True).stdout.splitlines()
    short = [re.sub(r"headsweep::cuda::|\(anonymous namespace\)::|^void ", "", name) for name in plain]
    # Without the parameters: the last parenthesis that is open on the outermost level.
    return dict(zip(names, (name[:name.rindex(">(") + 1] if ">(" in name else name.split("(")[0] for name in short)))


def kernels(tree):
    """(file, name, generation) -> [registers, stack and spilled bytes]"""
    found = {}
    for report in sorted(Path(tree).rglob(f"*.cu.o{REPORT}")):
        key = None
        for line in report.read_text().splitlines():
            if match := ENTRY.search(line):
                key = (report.name.removesuffix(f".o{REPORT}"), match["name"], match["generation"])
                found[key] = [0, 0]
            elif key and (match := SPILLS.search(line)):
                found[key][1] += sum(map(int, match.groups()))
            elif key and (match := USED.search(line)):
                found[key][0] = int(match[1])
    if not found:
        sys.exit(f"kernel_resources: {tree} has no reports of ptxas: is the CUDA plugin built there?")
    return found


def table(found):
    names = demangled(sorted({name for _, name, _ in found}))
    generations = sorted({generation for _, _, generation in found}, key=lambda name: int(name[3:]))
    rows = {}
    for (file, name, generation), (registers, spilled) in found.items():
        text = f"{registers}" if spilled == 0 else f"{registers}, **{spilled} bytes spilled**"
        rows.setdefault((file, names[name]), {})[generation] = text
    lines = ["| file | kernel | registers: " + " | ".join(generations) + " |", "|---|---|" + "---|" * len(generations)]
    for (file, name), used in sorted(rows.items()):
        lines.append(f"| `{file}` | `{name}` | " + " | ".join(used.get(g, "") for g in generations) + " |")
    return "\n".join(lines) + "\n"


def check(tree, page):
    found = kernels(tree)
    spilling = sorted({name for (_, name, _), (_, spilled) in found.items() if spilled})
    if spilling:
        sys.exit(f"kernel_resources: these kernels spill registers: {', '.join(demangled(spilling).values())}")
    if table(found) not in Path(page).read_text():
        sys.exit(f"kernel_resources: {page} has another table; put this one there:\n{table(found)}")


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:] or [""]
    if mode == "launch":
        sys.exit(launch(arguments))
    elif mode == "table" and len(arguments) == 1:
        print(table(kernels(arguments[0])), end="")
    elif mode == "check" and len(arguments) == 2:
        check(*arguments)
    else:
        sys.exit(__doc__)
