"""A GPU for each rank: which one, how the weights get there, what is said where there is none. On emulated GPUs, with the
CPU backend behind the plugin's interface (tests/fake_gpu)."""
import os
import unittest.mock

import headsweep_program
from headsweep_program import (DONE, MACHINE_FAILED, MODELS, USERS_MISTAKE, ProgramTest, family_file, job)
from mpi_environment import RanksTest

PLUGINS = os.environ["HEADSWEEP_FAKE_PLUGINS"]
THROUGH_HOSTS = "weights go to the GPUs through the hosts' memory"


class GpuTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("job.yaml", job(MODELS / "tiny-a", {"even": family_file("even")}, threshold=3))

    def machine(self, gpus=1, **more):
        """The environment of what starts from now on: so many emulated GPUs."""
        changes = {"HEADSWEEP_PLUGINS": PLUGINS, "HEADSWEEP_EMULATED_GPUS": str(gpus)} | more
        patch = unittest.mock.patch.dict(os.environ, changes)
        patch.start()
        self.addCleanup(patch.stop)

    def arguments(self, output="runs", device="cuda", **more):
        settings = {"device": device, "output": output, "precision": "fp32"} | more
        return ["run", "job.yaml", *(word for key, value in settings.items()
                                     for word in ("--set", f"run.{key}={value}"))]

    def shown(self, output="runs"):
        return self.json_of("show", f"{output}/job/even.file.T3.h5")

    def assert_same_decisions(self, output):
        """As on the processor, which computes behind the plugin, too."""
        self.run_program(*self.arguments("on-cpu", device="cpu"), code=DONE)
        self.assertEqual([d["per_prompt"] for d in self.shown(output)["decisions"]],
                         [d["per_prompt"] for d in self.shown("on-cpu")["decisions"]])


class OneProcessTest(GpuTest):
    def assert_fails(self, *patterns):
        done = self.run_program(*self.arguments(), code=MACHINE_FAILED)
        for pattern in (r"^headsweep: run\.device is cuda, but no GPU can be used: ", *patterns):
            self.assertRegex(done.stderr.splitlines()[-1], pattern)

    def test_takes_a_gpu_where_there_is_one(self):
        self.machine()
        done = self.run_program(*self.arguments(device="auto"), code=DONE)
        self.assertIn("fake GPU", done.stderr)
        self.assertNotIn(THROUGH_HOSTS, done.stderr)
        self.assertEqual(self.shown()["provenance"]["ranks"], "1, 1 GPU")
        self.assertRegex(self.shown()["provenance"]["gpus"], r"^\S+ [0-9A-F]{4}:[0-9A-F]{2}:00\.0$")
        self.assert_same_decisions("runs")

    def test_a_gpu_that_was_asked_for_and_is_not_there_is_an_error(self):
        self.machine(gpus=0)
        self.assert_fails("no CUDA-capable device")
        self.machine(gpus="none")
        self.assert_fails("driver")
        self.machine(HEADSWEEP_PLUGINS="/nowhere")
        self.assert_fails(r"libheadsweep_cuda\.so is not in /nowhere")
        self.machine(HEADSWEEP_FAKE_GPU="old")
        self.assert_fails(r"belongs to headsweep 0\.0\.1, and this is ")

    def test_auto_takes_the_processor_and_says_why(self):
        self.machine(gpus=0)
        self.assertRegex(self.run_program(*self.arguments(device="auto"), code=DONE).stderr,
                         r"cpu .*\(no GPU: .*no CUDA-capable device")

    def test_what_does_not_fit_is_refused_before_it_is_loaded(self):
        self.machine(HEADSWEEP_EMULATED_GPU_MEMORY="200000")
        for command in ("plan", "run"):
            done = self.run_program(command, *self.arguments()[1:], code=USERS_MISTAKE)
            self.assertRegex(done.stderr.splitlines()[-1], "family 'even' needs .* GB .*fewer prompts")

    def test_plan_says_what_a_gpu_has_and_what_is_needed(self):
        self.machine()
        self.assertRegex(self.run_program("plan", *self.arguments()[1:], code=DONE).stdout,
                         r"(?s)fake GPU.*GPU memory: 0\.\d\d GB \(weights .*side by side; it has [12]\.\d\d")

    def test_bench_model_finds_where_the_libraries_attention_overtakes_the_own_one(self):
        """tests/fake_gpu takes rows / 300 times as long by the own way."""
        self.machine()
        command = ["bench", "model", "--model-shape", "32,128,4", "--rows", 3, "--threads", 1, "--device", "cuda"]
        times = self.json_of(*command)
        lengths = [64, 128, 256, 384, 512, 768, 1024]
        self.assertEqual([(each["rung"], each["rows"], each["sequences"]) for each in times["attention"]],
                         [(rung, rows, 2048 // rows) for rung in ("fp32", "fp64") for rows in lengths])
        for each in times["attention"]:
            self.assertAlmostEqual(each["own_seconds"] / each["library_seconds"], each["rows"] / 300)
        self.assertEqual(times["attention_crossover"],
                         [{"rung": rung, "measured_rows": 384, "used_rows": 512} for rung in ("fp32", "fp64")])
        self.assertIn("fp64: the libraries are faster from 384 rows on; they are taken from 512 rows on\n",
                      self.run_program(*command, code=DONE).stdout)

    def test_plan_does_without_the_gpu_of_the_job(self):
        """On a login node; also for a run that was begun on a GPU."""
        self.machine()
        self.run_program(*self.arguments(), code=DONE)
        self.machine(gpus=0)
        planned = self.run_program("plan", *self.arguments()[1:], code=DONE).stdout
        self.assertRegex(planned, r"(?s)no GPU: .*is not checked against the GPU.*GPU memory: at least 0\.\d\d GB")
        self.assertIn("12 of 12 decisions made", planned)

    def test_plan_asks_slurm_for_a_gpu_for_each_rank(self):
        def line(device):
            options = ("--ranks", 3, "--slurm", "--set", f"run.device={device}", "--set", "run.precision=fp32")
            return self.run_program("plan", "job.yaml", *options, code=DONE).stdout.splitlines()[-1]

        for_gpus = r"^sbatch --ntasks=3 --gpus-per-task=1 --time=\S+ slurm/gpu\.sbatch job\.yaml$"
        self.machine()
        self.assertRegex(line("auto"), for_gpus)
        self.assertRegex(line("cpu"), r"slurm/cpu\.sbatch job\.yaml$")
        self.machine(gpus=0)
        self.assertRegex(line("cuda"), for_gpus)
        self.assertRegex(line("auto"), r"slurm/cpu\.sbatch job\.yaml$")

    def test_verify_computes_where_it_is_told(self):
        self.machine()
        self.run_program(*self.arguments(), code=DONE)
        file = "runs/job/even.file.T3.h5"
        self.assertIn("fake GPU", self.json_of("verify", file)["device"])
        self.assertIn("fake GPU", self.json_of("verify", file, "--device", "cuda")["device"])
        self.assertRegex(self.json_of("verify", file, "--device", "cpu")["device"], "^cpu ")
        self.machine(gpus=0)
        missing = self.run_program("verify", file, "--device", "cuda", code=MACHINE_FAILED)
        self.assertIn("no GPU can be used", missing.stderr)


class SeveralRanksTest(RanksTest, GpuTest):
    def on_rank(self, rank, setting):
        """A wrapper of the program: an environment of its own for one rank."""
        return ["sh", "-c", f'[ "$OMPI_COMM_WORLD_RANK" != {rank} ] || export {setting}; exec "$@"', "sh"]

    def test_weights_go_from_gpu_to_gpu(self):
        self.machine(gpus=2)
        said = self.run_ranks(2, *self.arguments(), code=DONE)
        self.assertIn(", 2 ranks on 1 node, 2 GPUs\n", said)
        self.assertNotIn(THROUGH_HOSTS, said)
        self.assertEqual(self.shown()["provenance"]["ranks"], "2, 2 GPUs")
        self.assert_same_decisions("runs")

    def test_ranks_that_see_one_gpu_each_have_different_ones(self):
        """As with --gpus-per-task=1: number 0 of either is another GPU."""
        self.machine(gpus=2, CUDA_VISIBLE_DEVICES="0")
        said = self.run_ranks(2, *self.arguments(), code=DONE, wrapper=self.on_rank(1, "CUDA_VISIBLE_DEVICES=1"))
        self.assertIn(", 2 ranks on 1 node, 2 GPUs\n", said)

    def test_ranks_that_share_a_gpu_get_the_weights_through_the_host(self):
        self.machine(gpus=2)
        said = self.run_ranks(3, *self.arguments(), code=DONE)
        self.assertRegex(said, rf"{THROUGH_HOSTS}, which is slower: 2 ranks share GPU \S+ on ")
        self.assertRegex(said, r", 3 ranks on 1 node, 2 GPUs: 2 ranks share GPU ")
        self.assert_same_decisions("runs")

    def test_the_way_through_the_host_can_be_asked_for(self):
        self.machine(gpus=2, HEADSWEEP_NCCL="off")
        self.assertIn(f"{THROUGH_HOSTS}, which is slower: HEADSWEEP_NCCL=off", self.run_ranks(2, *self.arguments(), code=DONE))

    def test_a_failure_of_nccl_ends_all_with_its_words(self):
        for failure, words in (("fail-broadcast", "NCCL broadcasts: .*told to fail|rank 1 has aborted"),
                               ("hang", "nothing has moved")):
            with self.subTest(failure):
                self.machine(gpus=2, HEADSWEEP_EMULATED_NCCL=failure)
                said = self.run_ranks(2, *self.arguments(stall_seconds=1), code=MACHINE_FAILED, timeout=30)
                self.assert_one_message(said, words, "NCCL_DEBUG=INFO", "NCCL_SOCKET_IFNAME", "HEADSWEEP_NCCL=off")

    def test_a_rank_without_a_gpu_is_named_once(self):
        self.machine(gpus=2)
        said = self.run_ranks(3, *self.arguments(), code=MACHINE_FAILED, wrapper=self.on_rank(1, "HEADSWEEP_EMULATED_GPUS=0"))
        self.assert_one_message(said, "rank 1 on host .*no GPU can be used: .*no CUDA-capable device")

    def test_devices_of_several_kinds_are_refused(self):
        self.machine(gpus=2)
        said = self.run_ranks(2, *self.arguments(), code=USERS_MISTAKE, wrapper=self.on_rank(1, "HEADSWEEP_FAKE_GPU=other-1"))
        self.assert_one_message(said, r"rank 1 on host \S+ computes on a GPU \(sm_80\), rank 0 on a GPU \(sm_90\)")
        said = self.run_ranks(2, *self.arguments(device="auto"), code=USERS_MISTAKE,
                              wrapper=self.on_rank(1, "HEADSWEEP_EMULATED_GPUS=0"))
        self.assert_one_message(said, r"rank 1 on host \S+ computes on the processor \(no GPU: ", "run.device: cpu")


if __name__ == "__main__":
    headsweep_program.main()
