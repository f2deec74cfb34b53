"""The CUDA plugin's own sources, on an emulated GPU (tests/cuda_emulation), behind the whole program: the reference's
decisions in every precision, and the same bits for one rank, for two with a GPU each and for two that share one."""
import os
import unittest.mock

import headsweep_program
from headsweep_program import DONE, MODELS, ProgramTest, family_file, golden, job, run_name
from mpi_environment import RanksTest

PLUGINS = os.environ["HEADSWEEP_EMULATED_PLUGINS"]
SCORE_TOLERANCE = {"bf16": 3.0, "bf16x3": 0.01, "fp32": 0.001, "fp64": 1e-8}  # percentage points, to float64

# Every ablation and way of positions, sequences of one length and of several.
RUN = [("tiny-a.step3.mean.all.T12", "fp32"), ("tiny-a.mixed.mean.own.T3", "bf16x3"),
       ("tiny-b.ragged.mean.union.T3", "fp64"), ("tiny-b.even.zero.all.T3", "bf16x3"),
       ("tiny-b.even.resample.all.T3", "fp64"), ("tiny-a.mixed.mean.own.mlps.T20", "fp32"),
       ("tiny-a.even.mean.all.mlps.alternate.underheadmask.T20", "bf16x3"),
       ("tiny-neox.step3.mean.all.T3", "bf16x3"), ("tiny-neox.even.mean.all.mlps.T20", "fp32"),
       ("random-neox.even.mean.all.T3", "fp64")]


class EmulatedGpuTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.machine(1)

    def machine(self, gpus):
        changes = {"HEADSWEEP_PLUGINS": PLUGINS, "HEADSWEEP_EMULATED_GPUS": str(gpus), "HEADSWEEP_EMULATED_ORDER": "2"}
        patch = unittest.mock.patch.dict(os.environ, changes)
        patch.start()
        self.addCleanup(patch.stop)

    def write_job(self, expected, precision, output="runs"):
        family = expected["family"]
        value = job(MODELS / expected["model"], {family: family_file(family)}, threshold=expected["threshold"],
                    ablation=expected["ablation"], positions=expected["positions"], order=expected["order"],
                    components=expected["components"], mlp_means=expected["mlp_means"])
        value["run"] |= {"device": "cuda", "precision": precision, "output": output}
        self.write("job.yaml", value)
        return f"{output}/job/{run_name(family, expected['threshold'], expected['order'], expected['ablation'])}.h5"


class OneRankTest(EmulatedGpuTest):
    def test_the_references_decisions(self):
        for name, precision in RUN:
            with self.subTest(name, precision=precision):
                expected = golden(name)
                path = self.write_job(expected, precision, output=name)
                self.assertIn("cuda Emulated GPU", self.run_program("run", "job.yaml", code=DONE).stderr)
                shown = self.json_of("show", path)
                self.assertEqual([[d["layer"], "mlp" if d["head"] is None else d["head"], d["removed"]]
                                  for d in shown["decisions"]],
                                 [[layer, what, removed] for layer, what, _, removed in expected["trace"]])
                self.assert_close([d["score_percent"] for d in shown["decisions"]],
                                  [score for _, _, score, _ in expected["trace"]], SCORE_TOLERANCE[precision], "scores")


class TwoRanksTest(RanksTest, EmulatedGpuTest):
    def scores(self, path):
        return [d["per_prompt"] for d in self.json_of("show", path)["decisions"]]

    def test_have_the_bits_of_one(self):
        expected = golden("tiny-a.even.mean.all.T3")
        alone = self.write_job(expected, "bf16x3", output="alone")
        self.run_program("run", "job.yaml", code=DONE)
        for gpus in (2, 1):
            self.machine(gpus)
            path = self.write_job(expected, "bf16x3", output=f"on-{gpus}")
            said = self.run_ranks(2, "run", "job.yaml", code=DONE)
            self.assertIn("2 ranks on 1 node, 2 GPUs" if gpus == 2 else "2 ranks share GPU", said)
            self.assertEqual(self.scores(path), self.scores(alone))


if __name__ == "__main__":
    headsweep_program.main()
