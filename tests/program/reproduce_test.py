#!/usr/bin/env python3
"""Runs held against published searches: those of the reference implementation on the tiny models (tests/data/golden)."""
import json
import shutil
import subprocess
import sys

import headsweep_program
from headsweep_program import (DONE, GOLDEN, MACHINE_FAILED, MODELS, SOURCE, USERS_MISTAKE, ProgramTest, family_file, golden,
                               job)

HEADS = "tiny-b.even.mean.all.T3"
MLPS = "tiny-b.step3.mean.all.mlps.alternate.T20"


class ReproduceTest(ProgramTest):
    def write_job(self, name, **keys):
        expected = golden(name)
        value = job(MODELS / expected["model"], {expected["family"]: family_file(expected["family"])}, order=expected["order"],
                    threshold=expected["threshold"], ablation=expected["ablation"], positions=expected["positions"],
                    components=expected["components"], mlp_means=expected["mlp_means"])
        value["run"]["precision"] = "fp32"
        self.write("job.yaml", value | keys)
        self.trace = expected["trace"]
        self.kept = sum(1 for step in self.trace if not step[3])
        self.file = self.run_file(expected["family"], threshold=int(expected["threshold"]))
        return expected

    def publish(self, trace, name="job.csv"):
        lines = ["step,layer,head,score_pct,removed"]
        lines += [f"{i},{layer},{head},{score!r},{int(removed)}" for i, (layer, head, score, removed) in enumerate(trace)]
        self.write(name, "\n".join(lines) + "\n")

    def flipped(self, at, score=None):
        """The published search with another decision there."""
        trace = [list(step) for step in self.trace]
        trace[at][3] = not trace[at][3]
        if score is not None:
            trace[at][2] = score
        return trace

    def test_a_search_is_reproduced_by_one_command(self):
        self.write_job(HEADS)
        self.publish(self.trace)
        out = self.run_program("reproduce", "job.yaml", code=DONE).stdout
        self.assertIn("36 of 36 published decisions agree", out)
        self.assertRegex(out, r"largest difference of 36 published scores: 0\.000\d+ percentage points \(decision \d+, head \d+\.\d+\), within the 0.02")
        self.assertIn(f"the same circuit: {self.kept} kept", out)
        again = self.run_program("verify", "--against", "job.csv", self.file, code=DONE).stdout
        self.assertIn("36 of 36", again)

    def test_it_needs_no_model_where_all_agree(self):
        shutil.copytree(MODELS / "tiny-b", self.folder / "model")
        expected = golden(HEADS)
        self.write_job(HEADS, model={"path": str(self.folder / "model")})
        self.publish(self.trace)
        self.run_program("run", "job.yaml", code=DONE)
        shutil.rmtree(self.folder / "model")
        self.run_program("verify", "--against", "job.csv", self.file, code=DONE)
        self.publish(self.flipped(3))
        missing = self.run_program("verify", "--against", "job.csv", self.file, code=USERS_MISTAKE).stderr
        self.assertIn("--model", missing)
        self.assertEqual(expected["model"], "tiny-b")

    def test_a_decision_that_was_changed_is_named(self):
        self.write_job(HEADS)
        self.run_program("run", "job.yaml", code=DONE)
        for at in (0, 7, 35):
            with self.subTest(at):
                self.publish(self.flipped(at))
                layer, head, score, removed = self.trace[at]
                out = self.run_program("verify", "--against", "job.csv", self.file, code=MACHINE_FAILED).stdout
                here, published = ("removes", "keeps") if removed else ("keeps", "removes")
                self.assertRegex(out, rf"the first that differs is decision {at}, head {layer}\.{head}:\n"
                                      rf"  published {published} +it: score -?[\d.]+ %, margin [+-][\d.]+\n"
                                      rf"  here      {here} +it: score -?[\d.]+ %, margin [+-][\d.]+\n")
                # The score is the same, and still the decision is another: that is not explained.
                found = self.json_of_failed("verify", "--against", "job.csv", self.file)
                self.assertEqual(found["scored_here"], 36 - at - 1)
                self.assertFalse(found["same_circuit"])
                self.assertAlmostEqual(found["decisions"][at]["score_percent"], score, delta=0.001)

    def json_of_failed(self, *arguments):
        return json.loads(self.run_program(*arguments, "--json", code=MACHINE_FAILED).stdout)

    def test_a_difference_that_float32_explains(self):
        """Published next to the threshold, on its other side."""
        self.write_job(HEADS)
        nearest = min(range(36), key=lambda i: abs(97 - self.trace[i][2]))
        score, removed = self.trace[nearest][2:]
        other_side = 97 - 1e-6 if removed else 97 + 1e-6
        self.publish(self.flipped(nearest, other_side)[:nearest + 1])
        distance = abs(other_side - score)
        self.run_program("run", "job.yaml", code=DONE)
        out = self.run_program("verify", "--against", "job.csv", "--within", str(distance + 0.01), self.file, code=DONE).stdout
        self.assertIn("each is explained: its margins are within that", out)
        self.assertIn(f"published are {nearest + 1} decisions, the run has 36", out)
        out = self.run_program("verify", "--against", "job.csv", "--within", str(distance / 2), self.file, code=MACHINE_FAILED).stdout
        self.assertIn("1 NOT explained", out)

    def test_a_list_of_removals(self):
        self.write_job(HEADS)
        lines = ["order,layer,head,score_pct_after_removal"]
        lines += [f"0,{layer},{head},{score!r}" for layer, head, score, removed in self.trace if removed]
        self.write("job.csv", "\n".join(lines) + "\n")
        out = self.run_program("reproduce", "job.yaml", code=DONE).stdout
        self.assertIn("36 of 36", out)
        self.write("job.csv", "\n".join(lines[:-1]) + "\n")
        out = self.run_program("verify", "--against", "job.csv", self.file, code=MACHINE_FAILED).stdout
        self.assertIn("score not published", out)

    def test_a_circuit_alone(self):
        self.write_job(HEADS)
        kept = [[layer, head] for layer, head, _, removed in self.trace if not removed]
        self.write("job.json", {"heads": kept})
        out = self.run_program("reproduce", "job.yaml", code=DONE).stdout
        self.assertIn("36 of 36", out)
        self.assertIn("scores were not published", out)
        self.write("other.json", {"heads": kept[1:]})
        out = self.run_program("verify", "--against", "other.json", self.file, code=MACHINE_FAILED).stdout
        self.assertIn(f"head {kept[0][0]}.{kept[0][1]}:", out)
        self.assertIn(f"circuits: {self.kept - 1} kept as published, {self.kept} here, {self.kept - 1} of them the same", out)
        self.write("larger.json", {"heads": [*kept, [99, 0]]})
        refused = self.run_program("verify", "--against", "larger.json", self.file, code=USERS_MISTAKE).stderr
        self.assertIn("keeps head 99.0, which the run's search does not try", refused)

    def test_a_search_over_heads_and_mlps_to_and_fro(self):
        self.write_job(MLPS)
        lines = ["direction,iter,component,score_pct,removed"]
        for layer, head, score, removed in self.trace:
            name = f"mlp {layer}" if head == "mlp" else f"h {layer} {head}"
            lines.append(f"backw,1,{name},{score!r},{int(removed)}")
        self.write("published.csv", "\n".join(lines) + "\n")
        out = self.run_program("reproduce", "job.yaml", "--against", "published.csv", code=DONE).stdout
        self.assertIn(f"{len(self.trace)} of {len(self.trace)}", out)
        # Of a circuit alone nobody knows in which pass something was removed; it is compared all the same.
        file, = (self.folder / "runs" / "job").glob("step3.*.T20*.h5")
        shown = self.json_of("show", file)
        self.write("circuit.json", {"heads": shown["circuit"], "mlps": shown["mlps"]})
        out = self.run_program("verify", "--against", "circuit.json", file, code=DONE).stdout
        kept = len(shown["circuit"]) + len(shown["mlps"])
        self.assertEqual(out.splitlines()[1:], [f"the same circuit: {kept} kept"])
        self.write("smaller.json", {"heads": shown["circuit"][1:], "mlps": shown["mlps"]})
        self.run_program("verify", "--against", "smaller.json", file, code=MACHINE_FAILED)

    def test_what_cannot_be_compared_is_refused(self):
        self.write_job(HEADS)
        self.run_program("run", "job.yaml", code=DONE)
        self.publish([self.trace[1], self.trace[0], *self.trace[2:]])
        for command in (("reproduce", "job.yaml"), ("verify", "--against", "job.csv", self.file)):
            self.assertIn("job.csv:2: head ", self.run_program(*command, code=USERS_MISTAKE).stderr)
        self.publish(self.trace + [self.trace[-1]])
        self.assertIn("job.csv:38: ", self.run_program("reproduce", "job.yaml", code=USERS_MISTAKE).stderr)
        self.assertIn("missing.csv", self.run_program("reproduce", "job.yaml", "--against", "missing.csv", code=USERS_MISTAKE).stderr)
        self.run_program("reproduce", "job.yaml", "--set", "search.threshold=[3,5]", code=USERS_MISTAKE)


class NextTokensTest(ProgramTest):
    def check(self, tables):
        self.write("tables.json", tables)
        return subprocess.run([sys.executable, SOURCE / "scripts/check_next_tokens.py", MODELS / "tiny-a", self.folder / "tables.json"],
                              capture_output=True, text=True, timeout=120)

    def test_published_tables(self):
        """The reference implementation's, as they would be published: rounded."""
        tables = [{"text": each["text"], "answer": each["answer"], "rank": each["rank"],
                   "top": [[text, round(logit, 2), round(100 * probability, 2)] for _, text, logit, probability in each["top"]]}
                  for each in json.loads((GOLDEN / "prompts.json").read_text())
                  if each["model"] == "tiny-a" and each["processing"] == "none" and each["rank"] < 10]
        self.assertGreater(len(tables), 0)
        done = self.check(tables)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("as published"), len(tables))
        tables[0]["top"][2][1] += 0.02
        done = self.check(tables)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("DIFFERS"), 1)
        self.assertIn(f"{tables[0]['top'][2][0]!r} has logit ", done.stdout)
        tables[0]["rank"] += 1
        self.assertIn(f"published is {tables[0]['rank']}", self.check(tables).stdout)


if __name__ == "__main__":
    headsweep_program.main()
