"""Runs the program from outside: temporary folders, job files, run files, checkpoints in other clothes.

CMake sets HEADSWEEP (the program) and HEADSWEEP_SOURCE (this repository)."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("HEADSWEEP", "headsweep")
SOURCE = pathlib.Path(os.environ.get("HEADSWEEP_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
DATA = SOURCE / "tests" / "data"
MODELS = DATA / "models"
GOLDEN = DATA / "golden"

DONE, MACHINE_FAILED, USERS_MISTAKE, STOPPED = 0, 1, 2, 75
SKIPPED = 77  # what CMake knows as SKIP_RETURN_CODE


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def family_file(name):
    return GOLDEN / "families" / f"{name}.json"


def job(model, family_files, **search):
    """A job as a value; YAML takes JSON. `family_files` maps names to files."""
    return {"model": {"path": str(model)},
            "families": [{"name": name, "file": str(file)} for name, file in family_files.items()],
            "search": search, "run": {"output": "runs"}}


def run_name(family, threshold=3, order="backward", ablation="mean", corruption="file"):
    """What a run's file is called: only what is not the default stands behind the threshold."""
    return f"{family}.{corruption}.T{threshold:g}" + "".join(
        f".{value}" for value, default in ((order, "backward"), (ablation, "mean")) if value != default)


def results(shown):
    """What a run found, without what may differ between two runs: when, where, with how much work, and what it cost."""
    decisions = [{k: v for k, v in decision.items() if k not in ("seconds", "wave", "rank", "host")}
                 for decision in shown["decisions"]]
    found = {k: v for k, v in shown.items() if k not in ("provenance", "work")}
    identity = {k: v for k, v in shown["identity"].items() if k != "ladder"}
    rungs = [{k: v for k, v in rung.items() if k != "cost"} for rung in shown["precision"]["rungs"]]
    return found | {"decisions": decisions, "identity": identity, "precision": rungs}


class Safetensors:
    """A safetensors file: the entries of its header by name, and their bytes."""

    def __init__(self, path):
        self.content = pathlib.Path(path).read_bytes()
        (length,) = struct.unpack_from("<Q", self.content)
        self.entries = json.loads(self.content[8:8 + length])
        self.entries.pop("__metadata__", None)
        self.start = 8 + length

    def bytes_of(self, name):
        begin, end = self.entries[name]["data_offsets"]
        return self.content[self.start + begin:self.start + end]

    def tensors(self):
        """{name: (type, shape, bytes)}, as write_safetensors() takes them."""
        return {name: (entry["dtype"], entry["shape"], self.bytes_of(name)) for name, entry in self.entries.items()}


def write_safetensors(path, tensors):
    header, end = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(data for _, _, data in tensors.values())


class ProgramTest(unittest.TestCase):
    """A fresh folder for each test, in which the program runs; gone when the test ends."""

    def setUp(self):
        self.folder = self.new_folder()

    def new_folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="headsweep-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def run_program(self, *arguments, code=None, timeout=120):
        """Runs to the end; `code` is the exit code it must have."""
        try:
            done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                                  errors="replace", stdin=subprocess.DEVNULL, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            self.fail(f"headsweep {' '.join(map(str, arguments))}: not done after {timeout} s; so far: {late.stderr}")
        if code is not None:
            self.assertEqual(done.returncode, code, f"headsweep {' '.join(map(str, arguments))}\n{done.stderr}")
        return done

    def commands_in_turn(self, commands):
        """Commands that read the same file do it with the same code: what a test shows first is shown to all of them,
        and every further case to one, in turn."""
        turn = getattr(self, "turn", 0)
        self.turn = turn + 1
        return commands if turn == 0 else [commands[turn % len(commands)]]

    def json_of(self, *arguments):
        return json.loads(self.run_program(*arguments, "--json", code=DONE).stdout)

    def write(self, name, content):
        """`content` is a text, or a value that becomes JSON."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def run_file(self, family, threshold=3, job_name="job"):
        return self.folder / "runs" / job_name / f"{family}.file.T{threshold}.h5"

    def copy_model(self, name, source="tiny-a", **config):
        """A checkpoint folder to be changed: everything is a link but config.json, where `config` replaces keys (None:
        leaves them out)."""
        folder = self.folder / name
        folder.mkdir()
        for file in ("vocab.json", "merges.txt", "model.safetensors"):
            (folder / file).symlink_to((MODELS / source / file).resolve())
        values = json.loads((MODELS / source / "config.json").read_text()) | config
        (folder / "config.json").write_text(json.dumps({k: v for k, v in values.items() if v is not None}))
        return folder

    def index_statuses(self, h5py):
        """{family: status} of job.yaml's runs, in the index's order."""
        with h5py.File(self.folder / "runs" / "job" / "index.h5") as index:
            return {index[name].attrs["family"]: index[name].attrs["status"] for name in index}

    def files(self):
        """Everything in the test's folder: a program that fails must not add to it."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def assert_close(self, found, expected, tolerance, what=""):
        """Lists of numbers; not-a-number is close to nothing."""
        self.assertEqual(len(found), len(expected), what)
        for at, (a, b) in enumerate(zip(found, expected)):
            if not abs(a - b) <= tolerance:
                self.fail(f"{what}[{at}]: {a}, but {b} is expected (tolerance {tolerance})")


JOB = f"""\
model:
  path: {MODELS / "tiny-a"}
families:
  - name: even
    file: even.json
search:
  threshold: 3.0
  positions: all
run:
  output: runs
"""


class RefusalTest(ProgramTest):
    """The folder holds a good job.yaml, even.json and circuit.json, to be spoilt."""

    def setUp(self):
        super().setUp()
        self.write("job.yaml", JOB)
        self.write("even.json", family_file("even").read_text())
        self.write("circuit.json", {"heads": [[0, 0]]})

    def assert_refused(self, arguments, patterns):
        """`patterns` are regular expressions that the message, stderr's last line, must match."""
        before = self.files()
        done = self.run_program(*arguments, code=USERS_MISTAKE)
        lines = done.stderr.splitlines()
        ours = [line for line in lines if line.startswith("headsweep: ")]
        self.assertEqual(ours, lines[-1:], f"one message, and it comes last:\n{done.stderr}")
        self.assertNotRegex(done.stderr, "terminate called|[Tt]raceback|what\\(\\)")
        self.assertLess(len(ours[0]), 700, "longer than anyone reads")
        for pattern in patterns:
            self.assertRegex(ours[0], pattern)
        self.assertEqual(self.files(), before, "files were left behind")

    def job_with(self, old, new):
        self.assertEqual(JOB.count(old), 1, old)
        return self.write("job.yaml", JOB.replace(old, new))


def main():
    """unittest.main(), but a test that was skipped is seen by ctest."""
    program = unittest.main(module="__main__", exit=False, verbosity=1)
    for test, reason in program.result.skipped:
        print(f"skipped: {test}: {reason}", file=sys.stderr)
    sys.exit(1 if not program.result.wasSuccessful() else SKIPPED if program.result.skipped else 0)
