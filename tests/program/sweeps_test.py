#!/usr/bin/env python3
"""Jobs of many runs: orders, ablations, seeds and drawn prompts end as jobs of one run would, on any ranks."""
import json
import re

import headsweep_program
from headsweep_program import DONE, MACHINE_FAILED, MODELS, USERS_MISTAKE, family_file, job, results, run_name
from mpi_environment import RanksTest

TINY_A = MODELS / "tiny-a"
SEED, RESAMPLES = 7, 3


def random_bits(x):
    """splitmix64, written down once more."""
    mask = 2 ** 64 - 1
    x = (x + 0x9e3779b97f4a7c15) & mask
    x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & mask
    x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & mask
    return x ^ (x >> 31)


def draw(resample, seed, count):
    state = 0
    for number in (seed, resample, count):
        state = random_bits(state ^ random_bits(number))
    drawn = []
    while len(drawn) < count:
        bits, state = random_bits(state), (state + 0x9e3779b97f4a7c15) % 2 ** 64
        if bits >= 2 ** 64 % count:
            drawn.append(bits % count)
    return drawn


def found(shown):
    """What must be the same, bit for bit, whatever else is in the job."""
    return {key: results(shown)[key] for key in ("full", "decisions", "single_removals", "circuit", "audit")
            if key in shown} | {"status": shown["status"]}


class SweepTest(RanksTest):
    def write_job(self, families=("even",), precision="fp32", output="runs", **search):
        value = job(TINY_A, {name: family_file(name) for name in families}, **({"threshold": 3} | search))
        value["run"] |= {"precision": precision, "output": output}
        self.write("job.yaml", value)
        return value

    def show(self, name, output="runs"):
        return self.json_of("show", f"{output}/job/{name}.h5")

    def files_of(self, output="runs"):
        return sorted(path.stem for path in (self.folder / output / "job").glob("*.T*.h5"))

    def test_orders_and_ablations_of_one_job_are_those_of_jobs_of_their_own(self):
        orders, ablations = ["backward", "forward", "importance"], ["mean", "zero"]
        alone = {}
        for order in orders:
            for ablation in ablations:
                self.write_job(order=order, ablation=ablation, output="alone")
                self.run_program("run", "job.yaml", code=DONE)
                name = run_name("even", 3, order, ablation)
                alone[name] = found(self.show(name, "alone"))
        self.assertEqual(self.files_of("alone"), sorted(alone))
        for ranks in (1, 3):
            output = f"on{ranks}"
            self.write_job(order=orders, ablation=ablations, output=output)
            self.run_ranks(ranks, "run", "job.yaml", code=DONE)
            self.assertEqual(self.files_of(output), sorted(alone))
            for name, expected in alone.items():
                self.assertEqual(found(self.show(name, output)), expected, f"{name} on {ranks} ranks")

    def test_a_resample_is_the_search_of_a_job_that_has_the_drawn_prompts(self):
        family = json.loads(family_file("even").read_text())
        for precision in ("fp64", "fp32"):
            for ablation in ("mean", "resample"):
                output = f"{precision}-{ablation}"
                self.write_job(precision=precision, output=output, ablation=ablation, resample_prompts=RESAMPLES,
                               resample_seed=SEED)
                said = self.run_program("run", "job.yaml", code=DONE).stdout
                base = run_name("even", 3, ablation=ablation)
                self.assertRegex(said, rf"{re.escape(base)}: \d+ components are kept in at least half of 3 resamples")
                self.assertEqual(self.files_of(output), [base, *(f"{base}.r{k}" for k in range(1, RESAMPLES + 1))])
                for number in range(1, RESAMPLES + 1):
                    drawn = draw(number, SEED, len(family["clean"]))
                    self.write("drawn.json", {
                        "clean": [family["clean"][i] for i in drawn],
                        "corrupted": [family["corrupted"][i] for i in drawn] if ablation == "resample"
                        else family["corrupted"]})
                    value = job(TINY_A, {"even": "drawn.json"}, threshold=3, ablation=ablation)
                    value["run"] |= {"precision": precision, "output": f"{output}-{number}"}
                    self.write("job.yaml", value)
                    self.run_program("run", "job.yaml", code=DONE)
                    resample = self.show(f"{base}.r{number}", output)
                    self.assertEqual(found(resample), found(self.show(base, f"{output}-{number}")))
                    self.assertEqual(resample["identity"]["resample"], f"{number} of seed {SEED}")
                run = f"{output}/job/{base}.r2.h5"
                self.assertIn("all agree", self.run_program("verify", run, "--all", code=DONE).stdout)
                self.run_program("export", run, "--format", "json", "-o", "circuit.json", code=DONE)
                self.assertIn("of 3 resamples",
                              self.run_program("show", f"{output}/job/{base}.h5", code=DONE).stdout)
                self.assertIn("resample 2 of seed 7", self.run_program("show", run, code=DONE).stdout)
        self.run_program("report", "fp64-mean/job", "-o", "report.html", code=DONE)

    def test_resamples_share_evaluations_and_are_the_same_on_any_ranks(self):
        search = {"order": ["backward", "forward"], "resample_prompts": 6}
        for ranks in (1, 3):
            self.write_job(("even", "numwords"), output=f"on{ranks}", **search)
            self.run_ranks(ranks, "run", "job.yaml", code=DONE)
        names = self.files_of("on1")
        self.assertEqual(len(names), 2 * 2 * 7)
        evaluations = decisions = 0
        for name in names:
            shown = self.show(name, "on1")
            self.assertEqual(found(self.show(name, "on3")), found(shown), name)
            evaluations += shown["work"]["evaluations"] - shown["work"]["discarded"]
            decisions += len(shown["decisions"])
        self.assertLess(evaluations, decisions)

        again = self.run_program("run", "job.yaml", code=DONE).stdout
        self.assertEqual(again.count("was complete already"), 4)
        self.assertEqual(again.count("of 6 resamples"), 4)

    def test_a_resample_on_which_the_model_fails_is_left_out(self):
        """One of three prompts is answered the other way round: drawn twice, it makes the mean negative."""
        family = json.loads(family_file("even").read_text())
        last = family["clean"][2]
        swapped = last | {"answer": last["distractor"], "distractor": last["answer"]}
        self.write("family.json", family | {"clean": family["clean"][:2] + [swapped]})
        value = job(TINY_A, {"even": "family.json"}, threshold=3, resample_prompts=9)
        self.write("job.yaml", value | {"run": {"output": "runs", "precision": "fp32"}})
        done = self.run_program("run", "job.yaml", code=MACHINE_FAILED)
        fails = [k for k in range(1, 10) if draw(k, 0, 3).count(2) >= 2]
        self.assertEqual(fails, [9])
        for number in range(1, 10):
            said = f"even.file.T3.r{number}: on the prompts drawn, the full model's mean logit difference is -"
            self.assertEqual(said in done.stderr, number in fails, number)
            self.assertEqual(f"even.file.T3.r{number}" in self.files_of(), number not in fails)
        self.assertIn("of 8 resamples", done.stdout)

    def test_what_is_excluded_is_neither_read_nor_run(self):
        value = self.write_job(("even", "ragged"), order=["backward", "forward"], threshold=[3, 10])
        value["families"].append({"name": "missing", "file": "nowhere.json"})
        value["sweep"] = {"include": [{"order": "forward", "threshold": 3}, {"family": "ragged"}, {"family": "missing"}],
                          "exclude": [{"family": "missing"}, {"family": "ragged", "threshold": 10}]}
        self.write("job.yaml", value)
        left = ["even.file.T3.forward", "ragged.file.T3", "ragged.file.T3.forward"]
        planned = self.json_of("plan", "job.yaml")
        self.assertEqual([(run["family"], run["order"], run["left"], run["state"]) for run in planned["runs"]],
                         [("even", "forward", 12, "new"), ("ragged", "backward", 12, "new"),
                          ("ragged", "forward", 12, "new")])
        self.run_program("run", "job.yaml", code=DONE)
        self.assertEqual(self.files_of(), left)
        self.assertEqual({run["state"] for run in self.json_of("plan", "job.yaml")["runs"]}, {"complete"})
        value["sweep"] = {"exclude": [{"family": "mising"}]}
        self.write("job.yaml", value)
        refused = self.run_program("run", "job.yaml", code=USERS_MISTAKE).stderr
        self.assertRegex(refused, r"job\.yaml:1: sweep\.exclude\.0\.family: 'mising' .*did you mean 'missing'")

    def test_seeds_in_a_list_make_the_prompts_that_each_makes_alone(self):
        sentences = {"templates": ["{noun} is {item}."], "fillers": {"noun": ["Van", "Hat", "Ring", "Desk", "Sun"]}}

        def listed(sentence_seed, corruption_seed, name):
            self.write("job.yaml", {"model": {"path": str(TINY_A)}, "families": [
                {"name": "names", "generate": {"sequence": "arithmetic", "length": 4},
                 "sentences": sentences | {"seed": sentence_seed},
                 "corrupt": {"rule": "random_items", "seed": corruption_seed}}]})
            return self.json_of("families", "job.yaml", "--family", name)["families"]

        both = listed([1, 2], [3, 4], "names")
        self.assertEqual([(family["name"], family["corruption"]) for family in both],
                         [(f"names-s{s}", f"random_items-s{c}") for s in (1, 2) for c in (3, 4)])
        (one,) = listed([1, 2], [3, 4], "names-s2.random_items-s3")
        (alone,) = listed(2, 3, "names")
        self.assertEqual((alone["name"], alone["corruption"]), ("names", "random_items"))
        for prompts in ("clean", "corrupted"):
            self.assertEqual(one[prompts], alone[prompts])
            self.assertNotEqual(one[prompts], both[0][prompts])

    def test_plan_has_a_row_for_each_run_and_their_sum(self):
        value = self.write_job(("even", "ragged"), order=["backward", "forward"], threshold=[3, 10],
                               resample_prompts=2)
        self.run_program("run", "job.yaml", "--set", "search.resample_prompts=0", "--set", "search.threshold=3",
                         code=DONE)
        planned = self.run_program("plan", "job.yaml", code=DONE).stdout
        rows = [line.split() for line in planned.splitlines() if re.match(r"(even|ragged) +\d", line)]
        self.assertEqual(len(rows), 8)
        self.assertEqual(rows[0][:7], ["even", "3", "backward", "2", "10", "24", "of"])
        self.assertEqual([row[-1] for row in rows], 2 * ["begun", "new", "begun", "new"])
        self.assertRegex(planned, r"(?m)^8 runs +2 +240 of 288 ")
        self.assertNotIn("repeat_last", planned)
        many = {f"family{i}": family_file("even") for i in range(6)}
        self.write("job.yaml", job(TINY_A, many, threshold=3))
        planned = self.run_program("plan", "job.yaml", code=DONE).stdout
        self.assertEqual(planned.count("first prompt"), 3)
        self.assertIn("3 more families: plan job.yaml --details", planned)
        self.assertEqual(self.run_program("plan", "job.yaml", "--details", code=DONE).stdout.count("first prompt"), 6)
        self.assertEqual(value["run"]["output"], "runs")


if __name__ == "__main__":
    headsweep_program.main()
