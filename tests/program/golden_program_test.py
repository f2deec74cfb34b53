"""What the program prints and writes against the reference implementation's numbers (tests/data/golden)."""
import hashlib
import json
import math
import re

import headsweep_program
from headsweep_program import (DATA, DONE, GOLDEN, MODELS, USERS_MISTAKE, ProgramTest, Safetensors, family_file,
                               golden, job, run_name)

SCORE_TOLERANCE = 0.001  # percentage points: float32 against float64
VALUE_TOLERANCE = 1e-3   # logits

# Every ablation, way of positions, family and model at least once.
SCORED = ["tiny-a.even.mean.all.T3", "tiny-a.even.zero.all.T3", "tiny-a.numwords.resample.all.T3",
          "tiny-a.mixed.mean.union.T3", "tiny-a.ragged.mean.own.T3", "tiny-b.even.mean.own.T3",
          "tiny-b.even.resample.all.T3", "tiny-b.step3.mean.union.T3", "tiny-b.mixed.mean.all.T3",
          "tiny-b.ragged.mean.union.T3", "tiny-neox.even.mean.own.T3", "tiny-neox.even.zero.all.T3"]
# Its heads' single removals lie further apart than the tolerance, so float32 ranks them as float64 does.
IMPORTANCE = "tiny-b.even.mean.all.importance.T3"
RUN = ["tiny-a.step3.mean.all.T12", "tiny-a.mixed.mean.own.T3", "tiny-b.ragged.mean.union.T3",
       "tiny-b.even.zero.all.T3", "tiny-b.even.mean.all.forward.T3", IMPORTANCE,
       "tiny-neox.step3.mean.all.T3", "tiny-neox.numwords.resample.all.T3"]
# Over MLPs, too; or over heads at single positions.
RUN_COMPONENTS = ["tiny-b.even.mean.all.mlps.T20", "tiny-a.mixed.mean.own.mlps.T20",
                  "tiny-b.step3.mean.all.mlps.alternate.T20",
                  "tiny-a.even.mean.all.mlps.alternate.underheadmask.T20", "tiny-a.even.mean.all.mlps.importance.T20",
                  "tiny-neox.even.mean.all.mlps.alternate.underheadmask.T20",
                  "tiny-a.even.mean.own.positions.T3", "tiny-a.even.mean.own.mlps.positions.alternate.T60"]


def job_of(expected):
    return job(MODELS / expected["model"], {expected["family"]: family_file(expected["family"])},
               order=expected["order"], threshold=expected["threshold"], ablation=expected["ablation"],
               positions=expected["positions"], components=expected["components"], mlp_means=expected["mlp_means"],
               granularity=expected.get("granularity", "component"))


def component_of(decision):
    """As a step of an expected search begins and ends."""
    what = "mlp" if decision["component"] == "mlp" else decision["head"]
    return [decision["layer"], what, decision["removed"], decision.get("position")]


def expected_component(layer, what, _, removed, position=None):
    return [layer, what, removed, position]


class GoldenProgramTest(ProgramTest):
    def assert_score(self, expected, circuit, found):
        self.assertEqual(list(found), ["score_percent", "logit_difference", "per_prompt"])
        mean = math.fsum(circuit["per_prompt"]) / len(circuit["per_prompt"])
        score = 100 * mean / expected["full"]
        if "score" in circuit:
            self.assertAlmostEqual(score, circuit["score"], places=9)
        self.assert_close([found["score_percent"]], [score], SCORE_TOLERANCE, "score_percent")
        self.assert_close([found["logit_difference"]], [mean], VALUE_TOLERANCE, "logit_difference")
        self.assert_close(found["per_prompt"], circuit["per_prompt"], VALUE_TOLERANCE, "per_prompt")

    def test_scores_of_given_circuits(self):
        for name in SCORED:
            expected = golden(name)
            path = self.write("job.yaml", job_of(expected))
            circuits = [({"heads": each["heads"]}, each) for each in expected["circuits"]]
            circuits += [({"positions": each["circuit"]}, each) for each in expected["position_circuits"]]
            self.assertGreater(len(circuits), 0)
            for number, (content, circuit) in enumerate(circuits):
                with self.subTest(name, circuit=number):
                    file = self.write("circuit.json", content)
                    self.assert_score(expected, circuit, self.json_of("score", path, "--circuit", file))

    def test_the_full_model_scores_100_percent(self):
        expected = golden("tiny-b.mixed.mean.all.T3")
        path = self.write("job.yaml", job_of(expected))
        circuit = self.write("circuit.json", {"heads": [[layer, head] for layer in range(6) for head in range(6)]})
        found = self.json_of("score", path, "--circuit", circuit)
        self.assertEqual(found["score_percent"], 100)
        self.assert_close(found["per_prompt"], expected["full_per_prompt"], VALUE_TOLERANCE, "per_prompt")

    def test_the_circuit_of_a_search_scores_what_its_last_removal_did(self):
        """What `show` says is kept, as a circuit file: with MLPs, and with heads at single positions."""
        for name in (RUN_COMPONENTS[2], RUN_COMPONENTS[3], RUN_COMPONENTS[-1]):
            with self.subTest(name):
                expected = golden(name)
                shown = self.run_and_show(name, "fp64")
                circuit = {"positions": shown["positions"]} if "positions" in shown else {"heads": shown["circuit"]}
                circuit |= {} if shown["mlps"] is None else {"mlps": shown["mlps"]}
                file = self.write("circuit.json", circuit)
                score = self.json_of("score", "job.yaml", "--circuit", file)["score_percent"]
                last_removal = [row[2] for row in expected["trace"] if row[3]][-1]
                self.assertAlmostEqual(score, last_removal, places=8)

    def test_mlps_that_a_circuit_does_not_mention_stay_at_every_position(self):
        expected = golden("tiny-a.mixed.mean.own.mlps.T20")
        path = self.write("job.yaml", job_of(expected))
        for number, circuit in enumerate(expected["circuits"]):
            with self.subTest(circuit=number):
                file = self.write("circuit.json", {"heads": circuit["heads"]})
                self.assert_score(expected, circuit, self.json_of("score", path, "--circuit", file))

    def test_prompts(self):
        entries = json.loads((GOLDEN / "prompts.json").read_text())
        self.assertEqual(len(entries), 32)
        for entry in entries:
            with self.subTest(entry["text"], model=entry["model"], processing=entry["processing"]):
                found = self.json_of("prompt", MODELS / entry["model"], entry["text"], entry["answer"],
                                     "--processing", entry["processing"])
                self.assertEqual(list(found), ["tokens", "answer_token", "rank", "top"])
                for key in ("tokens", "answer_token"):
                    self.assertEqual(found[key], entry[key], key)
                # Thousands of ranks down, logits lie so close that float32 may swap neighbours.
                self.assertAlmostEqual(found["rank"], entry["rank"], delta=0 if entry["rank"] < 100 else 3)
                for column, key in enumerate(("id", "text")):
                    self.assertEqual([row[column] for row in found["top"]], [row[column] for row in entry["top"]], key)
                self.assert_close([row[2] for row in found["top"]], [row[2] for row in entry["top"]], 1e-3, "logits")
                self.assert_close([row[3] for row in found["top"]], [row[3] for row in entry["top"]], 1e-5,
                                  "probabilities")

    def assert_form_of_show(self, shown):
        by_position = shown["identity"]["granularity"] == "position"
        self.assertEqual(list(shown),
                         ["status", "family", "threshold", "identity", "provenance", "layers", "heads", "full",
                          "precision", "decisions", "circuit", "mlps",
                          *(["positions"] if by_position else []), "work", "single_removals", "audit"])
        self.assertEqual(list(shown["full"]), ["mean", "per_prompt"])
        self.assertEqual(list(shown["work"]), ["waves", "evaluations", "discarded", "compute_seconds",
                                               "communication_seconds", "waiting_seconds"])
        for values in (shown["identity"], shown["provenance"]):
            self.assertTrue(values and all(isinstance(value, str) for value in values.values()))
        for decision in shown["decisions"]:
            self.assertEqual(list(decision),
                             ["layer", "component", "head", *(["position"] if by_position else []), "score_percent",
                              "removed", "margin", "seconds", "per_prompt", "wave", "rank", "host", "rung", "guard", "tie"])
            self.assertIs(type(decision["removed"]), bool)
            self.assertTrue(decision["host"] and isinstance(decision["host"], str))
            self.assertEqual(decision["removed"], decision["margin"] < 0)
            self.assertEqual(decision["margin"], 100 - decision["score_percent"] - shown["threshold"])

    def test_runs_in_float32(self):
        for name in RUN + RUN_COMPONENTS[:1]:
            shown = self.run_and_show(name, "fp32")
            self.assert_reference_decisions(name, shown, [SCORE_TOLERANCE] * len(shown["decisions"]), SCORE_TOLERANCE)

    def test_runs_in_float64(self):
        for name in RUN_COMPONENTS:
            shown = self.run_and_show(name, "fp64")
            self.assert_reference_decisions(name, shown, [1e-9] * len(shown["decisions"]), 1e-9)

    def test_runs_in_the_precisions_that_are_chosen(self):
        for name in RUN + RUN_COMPONENTS:
            shown = self.run_and_show(name, "auto")
            guards = {rung["name"]: max(SCORE_TOLERANCE, rung["guard"]) for rung in shown["precision"]["rungs"]}
            self.assert_reference_decisions(name, shown, [guards[d["rung"]] for d in shown["decisions"]],
                                            max(guards.values()))

    def run_and_show(self, name, precision):
        expected, output = golden(name), f"{name}-{precision}"
        self.write("job.yaml", job_of(expected) | {"run": {"output": output, "precision": precision}})
        self.run_program("run", "job.yaml", code=DONE)
        name = run_name(expected["family"], expected["threshold"], expected["order"], expected["ablation"])
        return self.json_of("show", self.folder / output / "job" / f"{name}.h5")

    def assert_reference_decisions(self, name, shown, tolerances, tolerance_alone):
        """tolerances: of each decision's score; tolerance_alone: of single removals."""
        with self.subTest(name, rungs=[rung["name"] for rung in shown["precision"]["rungs"]]):
            expected = golden(name)
            self.assert_form_of_show(shown)
            self.assertEqual((shown["status"], shown["family"]), ("complete", expected["family"]))
            self.assertEqual(shown["threshold"], expected["threshold"])
            trace, found = expected["trace"], shown["decisions"]
            self.assertEqual([component_of(d) for d in found], [expected_component(*row) for row in trace])
            for decision, row, tolerance in zip(found, trace, tolerances):
                self.assert_close([decision["score_percent"]], [row[2]], tolerance, "score")
            found, removals = shown["single_removals"], expected.get("single_removals", [])
            self.assertEqual([row[:2] for row in found], [row[:2] for row in removals])
            self.assert_close([row[2] for row in found], [row[2] for row in removals], tolerance_alone, "alone")
            if "positions" in shown:
                self.assertEqual(shown["positions"], expected["kept"])
            else:
                self.assertEqual(sorted(shown["circuit"]), sorted(expected["kept"]))
            self.assertEqual(shown["mlps"], expected["kept_mlps"])
            self.assert_close([shown["full"]["mean"]], [expected["full"]], VALUE_TOLERANCE, "full")
            self.assert_close(shown["full"]["per_prompt"], expected["full_per_prompt"], VALUE_TOLERANCE, "full")

    def test_what_run_and_show_print_is_for_people(self):
        expected = golden(RUN[0])
        self.write("job.yaml", job_of(expected) | {"run": {"output": "runs", "precision": "fp32"}})
        run = self.run_program("run", "job.yaml", code=DONE)
        summary = self.run_program("show", self.run_file("step3", 12), code=DONE).stdout
        self.assertIn(summary.strip(), run.stdout)
        self.assertIn(f"{len(expected['kept'])} of 12 heads", summary)
        self.assertIn("threshold 12 %", summary)
        table = self.run_program("show", self.run_file("step3", 12), "--decisions", code=DONE).stdout
        self.assertTrue(table.startswith(summary))
        self.assertEqual(len(re.findall(r"  (?:removed|kept) +\d+ +\d+  \S+$", table[len(summary):], re.MULTILINE)), 12)
        margins = sorted(abs(row[2] - 100 + 12) for row in expected["trace"])
        fragile = self.run_program("show", self.run_file("step3", 12), "--fragile", (margins[2] + margins[3]) / 2,
                                   code=DONE).stdout
        self.assertIn("fragile: 3 of 12 decisions", fragile)
        rows = re.findall(r"^ .* ([+-][0-9.]+) .*  (?:removed|kept) ", fragile, re.MULTILINE)
        self.assert_close([abs(float(margin)) for margin in rows], margins[:3], SCORE_TOLERANCE, "margins")

    def test_models(self):
        tokenizer = DATA / "gpt2-tokenizer"
        files = [hashlib.sha256((tokenizer / name).read_bytes()).hexdigest() + "\n"
                 for name in ("vocab.json", "merges.txt")]
        for name, layout, d_mlp in (("tiny-a", "prefixed", 256), ("tiny-b", "hub", 100)):
            with self.subTest(name):
                folder = MODELS / name
                config = json.loads((folder / "config.json").read_text())
                weights = Safetensors(folder / "model.safetensors")
                parameters = sum(math.prod(entry["shape"]) for tensor, entry in weights.entries.items()
                                 if not tensor.endswith((".attn.bias", ".attn.masked_bias", "lm_head.weight")))
                self.assertEqual(self.json_of("model", folder), {
                    "path": str(folder), "model_type": "gpt2", "layout": layout, "layers": config["n_layer"], "heads": config["n_head"],
                    "d_model": config["n_embd"], "d_head": config["n_embd"] // config["n_head"], "d_mlp": d_mlp,
                    "positions": 128, "vocabulary": 50257, "layer_norm_epsilon": config["layer_norm_epsilon"],
                    "element_types": ["F32"], "parameters": parameters,
                    "sha256": hashlib.sha256(weights.content).hexdigest(),
                    "tokenizer_sha256": hashlib.sha256("".join(files).encode()).hexdigest()})
                self.assertIn("a GPT-2 that headsweep can use", self.run_program("model", folder, code=DONE).stdout)

    def test_a_gpt_neox(self):
        folder = MODELS / "tiny-neox"
        buffers = (".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq")
        weights = Safetensors(folder / "model.safetensors")
        found = self.json_of("model", folder)
        self.assertEqual((found["model_type"], found["layout"], found["d_head"]), ("gpt_neox", "prefixed", 16))
        self.assertEqual(found["parameters"], sum(math.prod(entry["shape"]) for tensor, entry in weights.entries.items()
                                                  if not tensor.endswith(buffers)))
        self.assertEqual(found["tokenizer_sha256"], hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest())
        self.assertIn("a GPT-NeoX (as Pythia is)", self.run_program("model", folder, code=DONE).stdout)


class PlanTest(ProgramTest):
    def test_says_what_run_would_do_and_leaves_nothing_behind(self):
        self.write("job.yaml",
                   job(MODELS / "tiny-a", {name: family_file(name) for name in ("even", "ragged")}, threshold=3))
        before = self.files()
        planned = self.run_program("plan", "job.yaml", code=DONE).stdout
        self.assertEqual(self.files(), before)
        for part in ("2 families, threshold 3 %", "3 layers, 4 heads", "S2", "10 clean (60 tokens)",
                     "mean logit difference 7.7553", "even.file.T3.h5 (0 of 12 decisions made)", "12 evaluations"):
            self.assertIn(part, planned)
        self.run_program("run", "job.yaml", code=DONE)
        before = self.files()
        planned = self.run_program("plan", "job.yaml", code=DONE).stdout
        self.assertEqual(self.files(), before)
        self.assertIn("even.file.T3.h5 (12 of 12 decisions made)", planned)
        self.assertIn("0 evaluations", planned)

    def test_refuses_what_run_refuses(self):
        even = json.loads(family_file("even").read_text())
        swapped = [p | {"answer": p["distractor"], "distractor": p["answer"]} for p in even["clean"]]
        self.write("swapped.json", {"clean": swapped, "corrupted": even["corrupted"]})
        self.write("alone.json",
                   {"clean": [p | {"template": 7} for p in even["clean"]], "corrupted": even["corrupted"]})
        for families, pattern in (({"swapped": "swapped.json"}, "logit difference is -7.7553"),
                                  ({"even": family_file("even"), "alone": "alone.json"},
                                   "template 7 has no corrupted prompt")):
            self.write("job.yaml", job(MODELS / "tiny-a", families))
            before = self.files()
            messages = {}
            for command in ("plan", "run"):
                done = self.run_program(command, "job.yaml", code=USERS_MISTAKE)
                messages[command] = done.stderr.splitlines()[-1]
            with self.subTest(pattern):
                self.assertIn(pattern, messages["plan"])
                self.assertEqual(messages["plan"], messages["run"])
                self.assertEqual(self.files(), before)


if __name__ == "__main__":
    headsweep_program.main()
