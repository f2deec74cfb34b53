"""What goes wrong on several ranks ends all of them, soon, with one message that says what and where."""
import json
import shutil
import signal
import socket
import time

import headsweep_program
from headsweep_program import (DONE, MACHINE_FAILED, MODELS, USERS_MISTAKE, RefusalTest, Safetensors, family_file, job,
                               write_safetensors)
from long_run import LongRunTest
from mpi_environment import RanksTest, signal_to

HOST = socket.gethostname()
TINY_A = MODELS / "tiny-a"


class MistakesTest(RanksTest, RefusalTest):
    def assert_refused_on_ranks(self, arguments, *patterns):
        before, start = self.files(), time.monotonic()
        stderr = self.run_ranks(3, *arguments, code=USERS_MISTAKE, timeout=20)
        self.assert_one_message(stderr, *patterns)
        self.assertNotRegex(stderr, "MPI_ABORT|rank 0 on host", "nothing has failed")
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(self.files(), before, "files were left behind")

    def test_command_line(self):
        for arguments, pattern in ((["fly"], "'fly' is no command"), (["run"], "run: JOB is required"),
                                   (["run", "job.yaml", "--colour"], "--colour"),
                                   (["show", "nowhere.h5"], r"nowhere\.h5: the run file does not exist"),
                                   (["run", "job.yaml", "--set", "search.treshold=5"], "did you mean 'threshold'")):
            with self.subTest(arguments):
                self.assert_refused_on_ranks(arguments, pattern)

    def test_job(self):
        self.assert_refused_on_ranks(["run", "nowhere.yaml"], r"nowhere\.yaml: the job file does not exist")
        self.job_with("threshold: 3.0", "treshold: 3")
        self.assert_refused_on_ranks(["run", "job.yaml"], r"job\.yaml:7: search\.treshold: ", "did you mean")

    def test_checkpoint(self):
        model = self.copy_model("model")
        tensors = Safetensors(TINY_A / "model.safetensors").tensors()
        del tensors["transformer.h.1.ln_1.bias"]
        (model / "model.safetensors").unlink()
        write_safetensors(model / "model.safetensors", tensors)
        self.job_with(str(TINY_A), str(model))
        self.assert_refused_on_ranks(["run", "job.yaml"], r"'transformer\.h\.1\.ln_1\.bias' is missing")
        self.job_with(str(TINY_A), "nowhere")
        self.assert_refused_on_ranks(["run", "job.yaml"], "nowhere")

    def test_baseline_of_the_second_family(self):
        """Found late: all ranks have the model by then, and go on with the other families."""
        even = json.loads(family_file("even").read_text())
        swapped = [p | {"answer": p["distractor"], "distractor": p["answer"]} for p in even["clean"]]
        self.write("swapped.json", even | {"clean": swapped})
        self.write("job.yaml", job(TINY_A, {"swapped": "swapped.json"}, threshold=3))
        self.assert_refused_on_ranks(["run", "job.yaml"], "'swapped'", "logit difference is -7.7553")
        families = {"even": "even.json", "swapped": "swapped.json", "third": "even.json"}
        self.write("job.yaml", job(TINY_A, families, threshold=3))
        stderr = self.run_ranks(3, "run", "job.yaml", code=MACHINE_FAILED, timeout=60)
        self.assertEqual(len([line for line in stderr.splitlines() if "logit difference is -7.7553" in line]), 1, stderr)
        for family in ("even", "third"):
            self.assertEqual(self.json_of("show", self.run_file(family))["status"], "complete")

    def test_file_of_another_run(self):
        self.run_program("run", "job.yaml", "--set", "search.positions=own", code=DONE)
        self.assert_refused_on_ranks(["run", "job.yaml"], "is the file of another run", "positions is own")

    def test_output_that_cannot_be_made(self):
        """Found when the searches begin."""
        self.write("runs", "a file")
        self.assert_refused_on_ranks(["run", "job.yaml"], r"run\.output: the folder runs/job cannot be made")


class FailingRankTest(RanksTest, LongRunTest):
    # Steps that take a moment, however busy the machine is, so that a few seconds of silence mean something.
    repeats = 60
    keys_of_run = LongRunTest.keys_of_run | {"stall_seconds": 4}

    def on_rank(self, rank, command):
        """A wrapper of the program for which `command` holds on one rank only."""
        return ["sh", "-c", f'[ "$OMPI_COMM_WORLD_RANK" != {rank} ] || {command}; exec "$@"', "sh"]

    def running(self, ranks=3):
        """mpirun in the middle of the search, and its ranks' process ids."""
        process = self.start_ranks(ranks, "run", "job.yaml")
        pids = self.pids(process, ranks)
        self.wait_for_decisions(process)
        return process, pids

    def messages_at_the_end(self, process, seconds):
        start = time.monotonic()
        code, _, stderr = self.ended(process, timeout=100)
        self.assertLess(time.monotonic() - start, seconds)
        self.assertEqual(code, MACHINE_FAILED, stderr)
        return stderr

    def test_out_of_memory_on_one_rank(self):
        # Enough for the libraries and the weights, too little for the residual streams of 3000 prompts. Who gets the
        # family's baseline comes to it at once, a helper when the search begins.
        family = json.loads(family_file("mixed").read_text())
        self.write("mixed.json", family | {"clean": family["clean"] * 250})
        for rank in (2, 1):
            with self.subTest(rank=rank):
                process = self.start_ranks(3, "run", "job.yaml", "--set", "run.stall_seconds=60",
                                           wrapper=self.on_rank(rank, "ulimit -v 500000"))
                said = self.messages_at_the_end(process, seconds=100)
                self.assert_one_message(said, f"^headsweep: rank {rank} on host {HOST}: out of memory: ")

    def test_a_rank_that_hangs(self):
        for rank in (1, 2, 0):
            with self.subTest(rank=rank):
                shutil.rmtree(self.folder / "runs", ignore_errors=True)
                process, pids = self.running()
                signal_to(pids[rank], signal.SIGSTOP)
                said = self.messages_at_the_end(process, seconds=15)
                # mpirun wakes it to end it, and it may have the time to notice how late it is.
                said = "\n".join(line for line in said.splitlines() if f"headsweep: rank {rank} on" not in line)
                self.assert_one_message(said, f"rank [012] on host {HOST}: rank {rank} on host {HOST} has ",
                                        r"for \d+ s \(run\.stall_seconds\)")


if __name__ == "__main__":
    headsweep_program.main()
