"""Runs under faults: of the file system and the clock by a layer under the C library (tests/faults), and of what surrounds
the program."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from headsweep_program import DONE, MACHINE_FAILED, MODELS, PROGRAM, job
from long_run import LongRunTest

LAYER = os.environ.get("HEADSWEEP_FAULT_LAYER")


def layer_environment(folder, rules):
    """What makes the program meet these faults (tests/faults/fault_rules.h) in the runs' folder."""
    return {"LD_PRELOAD": LAYER, "HEADSWEEP_FAULTS": rules, "HEADSWEEP_FAULTS_UNDER": str(folder / "runs"),
            "HEADSWEEP_FAULTS_LOG": str(folder / "faults.log")}


class FaultsTest(LongRunTest):
    repeats = 2  # a run of a moment

    def setUp(self):
        super().setUp()
        # As the kernel names it to the layer.
        self.folder = self.folder.resolve()
        self.path = self.run_file("mixed")

    def own_checkpoint(self, folder=None):
        """A copy of the model that the job then uses: the path of its weights."""
        model = (folder or self.folder) / "model"
        shutil.copytree(MODELS / "tiny-b", model)
        value = job(model, {"mixed": "mixed.json"}, threshold=3)
        self.write("job.yaml", value | {"run": value["run"] | self.keys_of_run})
        return model / "model.safetensors"

    def start(self, *, preexec_fn=None, stdout=subprocess.DEVNULL):
        process = subprocess.Popen([PROGRAM, "run", "job.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=stdout,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=preexec_fn)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def ended(self, process, timeout=100):
        """(exit code, messages); one that stands still goes on."""
        process.send_signal(signal.SIGCONT)
        messages = process.communicate(timeout=timeout)[1]
        return process.returncode, messages

    def in_mid_run(self):
        """A process that has just written its first decisions, and stands still: a fault can happen to it, however busy
        the machine is."""
        before = self.written()
        process = self.start()
        self.wait_for_decisions(process, before)
        process.send_signal(signal.SIGSTOP)
        return process

    def run_with(self, rules, *arguments):
        """A run that meets these faults: what came of it, and the faults that were made, as the layer logged them."""
        log = self.folder / "faults.log"
        log.unlink(missing_ok=True)
        done = subprocess.run([PROGRAM, *(arguments or ("run", "job.yaml"))], cwd=self.folder, text=True, capture_output=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=100,
                              env=os.environ | layer_environment(self.folder, rules))
        self.assertNotEqual(done.returncode, 99, done.stderr)
        return done, log.read_text().splitlines() if log.exists() else []

    def assert_failed(self, code, messages, *patterns, expected=MACHINE_FAILED):
        """It ended by itself, with one message of ours, the last, which says what is wrong."""
        self.assertEqual(code, expected, messages)
        ours = [line for line in messages.splitlines() if line.startswith("headsweep: ")]
        self.assertEqual(ours, messages.splitlines()[-1:], f"one message, and it comes last:\n{messages}")
        self.assertLess(len(ours[0]), 700)
        for pattern in patterns:
            self.assertRegex(ours[0], pattern)

    def assert_nothing_lost(self):
        """What there is of the run is whole, no temporary file is left, and the same command ends with the same bits."""
        if self.path.exists():
            self.decisions_of_good_file()
        if self.path.parent.exists():
            self.assertEqual([name for name in os.listdir(self.path.parent) if name.endswith(".tmp")], [])
        self.assert_finishes()

    def assert_finishes(self):
        self.run_program("run", "job.yaml", code=DONE)
        shown = self.assert_complete()
        self.assertEqual(sorted(os.listdir(self.path.parent)), ["index.h5", self.path.name])
        return shown

    def mounted(self, path, size):
        """A file system in memory; the test is skipped where none can be made."""
        path.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "headsweep-test", path], text=True,
                              capture_output=True)
        if made.returncode != 0:
            self.skipTest(f"no file system in memory can be mounted here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=True)


def limit(what, value):
    """For a process that is about to start."""
    return lambda: resource.setrlimit(what, (value, value))


def fill(folder):
    """Fills the file system; the file that does it."""
    path = pathlib.Path(folder) / "filler"
    try:
        with open(path, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        return path


def stop_twice(process, number=signal.SIGTERM, pause=0.02):
    process.send_signal(signal.SIGCONT)
    process.send_signal(number)
    time.sleep(pause)
    process.send_signal(number)
