#!/usr/bin/env python3
"""What bench model measures, and what it refuses."""
import unittest

from headsweep_program import DONE, MODELS, USERS_MISTAKE, ProgramTest, main


class BenchModelTest(ProgramTest):
    def test_times_every_operation_against_the_devices_limits(self):
        times = self.json_of("bench", "model", "--model-shape", "32,128,4", "--rows", "3,7", "--threads", 1, "--device", "cpu")
        self.assertEqual([times[name] for name in ("d_model", "d_mlp", "heads")], [32, 128, 4])
        for name in ("float32_flops", "float64_flops", "read_bytes"):
            self.assertGreater(times["limits"][name], 1e6)
        self.assertGreaterEqual(times["limits"]["bfloat16_flops"], 0)
        self.assertEqual(times["limits"]["launch_seconds"], 0)
        self.assertFalse({"attention", "attention_crossover"} & set(times))  # a CPU has one way for all lengths
        operations = ["attention_input", "attention", "replace_heads", "attention_output", "add_rows", "layer_norm",
                      "gather_rows", "row_dots", "mlp_input", "mlp_output"]
        rungs = list(times["backends"])
        self.assertEqual(rungs[-2:], ["fp32", "fp64"])
        self.assertIn(rungs[:-2], ([], ["bf16", "bf16x3"]))
        self.assertEqual([(each["rung"], each["rows"], each["operation"]) for each in times["operations"]],
                         [(rung, rows, operation) for rung in rungs for rows in (3, 7) for operation in operations])
        self.assertTrue(all(each["seconds"] > 0 and each["share_of_limit"] > 0 for each in times["operations"]))
        mlp_input = next(each for each in times["operations"] if each["operation"] == "mlp_input")
        self.assertEqual(mlp_input["flops"], 2 * 3 * 32 * 128)

    def test_takes_the_shape_of_a_model(self):
        out = self.run_program("bench", "model", "--model", MODELS / "tiny-a", "--rows", 2, "--threads", 1,
                               code=DONE).stdout
        self.assertIn("the device's limits: float32 ", out)
        self.assertRegex(out, r"\n +2  fp64    mlp_output +[\d.]+ +[\d.]+ GFLOP/s +\d+ %\n")

    def test_says_what_does_not_fit(self):
        def refused(*options):
            return self.run_program("bench", "model", *options, code=USERS_MISTAKE).stderr

        self.assertIn("--model-shape 30,120,4: d_model is no multiple", refused("--model-shape", "30,120,4"))
        self.assertIn("--model-shape", refused("--model-shape", "32,128"))
        self.assertIn("--rows", refused("--rows", 0))
        self.assertIn("--device", refused("--device", "abacus"))
        self.assertIn("--model", refused("--model", MODELS / "tiny-a", "--model-shape", "32,128,4"))


if __name__ == "__main__":
    main()
