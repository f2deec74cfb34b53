"""What would be silently wrong is said: by families, plan and run alike, once each, before the search; and the run file keeps it."""
import json

from headsweep_program import DONE, MODELS, USERS_MISTAKE, RefusalTest, family_file, main
from tried import tried

TINY_A = MODELS / "tiny-a"
EVEN = json.loads(family_file("even").read_text())


def warnings_in(stderr):
    return [line for line in stderr.splitlines() if line.startswith("warning: ")]


def prompt(text, answer="13", distractor="11", **keys):
    return {"text": text, "answer": answer, "distractor": distractor} | keys


class WarningsTest(RefusalTest):
    def family(self, clean, corrupted):
        self.write("even.json", {"clean": clean, "corrupted": corrupted})

    def test_of_prompts_are_said_by_families_plan_and_run_and_kept(self):
        self.family(EVEN["clean"] + EVEN["clean"][:1], EVEN["corrupted"][1:] + EVEN["clean"][2:3])
        expected = ["warning: family even: 1 of 11 clean prompts are there already, the first '1 3 5 7 9 11' (even.json:1)",
                    "warning: family even: 1 of 11 clean prompts are among the corrupted ones, too, the first '3 5 7 9 11 13'"]
        families = self.run_program("families", "job.yaml", code=DONE)
        plan = self.run_program("plan", "job.yaml", code=DONE)
        run = self.run_program("run", "job.yaml", "--set", "search.threshold=50", code=DONE)
        for done in (families, plan, run):
            said = warnings_in(done.stderr)[:2]
            self.assertEqual(len(said), 2, done.stderr)
            for line, beginning in zip(said, expected):
                self.assertTrue(line.startswith(beginning), line)
        self.assertLess(run.stderr.index("warning: "), run.stderr.index("precision: "), "before the search")
        kept = self.json_of("show", self.run_file("even", 50))["provenance"]["prompt_warnings"]
        self.assertIn("1 of 11 clean prompts are there already", kept)
        shown = self.run_program("show", self.run_file("even", 50), code=DONE).stdout
        self.assertIn(f"warning: {kept}\n", shown)
        self.assertIn("Warning: 1 of 11 clean", self.run_program("report", "runs/job", "--format", "md", code=DONE).stdout)
        (listed,) = self.json_of("families", "job.yaml")["families"]
        self.assertEqual(listed["warnings"], kept.split("; "))
        self.assertEqual([f"warning: {each}" for each in self.json_of("plan", "job.yaml")["warnings"]][:2],
                         warnings_in(plan.stderr)[:2])
        tried("warning", "prompts repeated among the clean or the corrupted ones", "counted, the first named; kept in the run file")
        tried("warning", "clean prompts among the corrupted ones", "counted, the first named; kept in the run file")

    def said_of(self, clean, corrupted, *options):
        self.family(clean, corrupted)
        return "\n".join(warnings_in(self.run_program("families", "job.yaml", *options, code=DONE).stderr))

    def test_of_each_kind(self):
        clean, corrupted = EVEN["clean"], EVEN["corrupted"]
        self.assertEqual(self.said_of(clean, corrupted), "")
        self.assertIn("10 of 10 clean prompts are among the corrupted ones, too", self.said_of(clean, clean))
        tried("warning", "corrupted prompts that are the clean ones, means of several", "said that nothing common to them is ablated")
        self.assertIn("template 0 has one corrupted prompt, '1 3 5 7 9 9'", self.said_of(clean, corrupted[:1]))
        tried("warning", "one corrupted prompt to take means of", "named")
        begun = [prompt("<|endoftext|>1 3 5 7"), prompt("<|endoftext|>2 4 6 8")]
        self.assertIn("2 of 4 clean and corrupted prompts begin with <|endoftext|>, and others do not",
                      self.said_of(begun, [prompt("0 1 3 5 5"), prompt("0 2 4 6 6")]))
        tried("warning", "<|endoftext|> before some prompts and not before others", "counted, the first without it named")
        padded = [prompt("1 3 5<|endoftext|>"), prompt("2 4 6 8")]
        self.assertIn("1 of 4 clean and corrupted prompts have <|endoftext|> behind their beginning",
                      self.said_of(padded, [prompt("1 3 5 5"), prompt("2 4 6 6")]))
        tried("warning", "prompts that are padded by hand", "counted, the first named")
        ragged = [prompt("1 3 5 7", words={"S2": "3"}), prompt("A 2 4 6 8", words={"S2": "4"})]
        said = self.said_of(ragged, [prompt("1 3 5 5", words={"S2": "3"}), prompt("A 2 4 6 6", words={"S2": "4"})])
        self.assertIn("2 of 4 clean and corrupted prompts have a named position at another token than '1 3 5 7', the first "
                      "'A 2 4 6 8' (even.json:1) (S2 is token 2 there, 3 here)", said)
        tried("warning", "prompts of a template whose lengths or named positions do not line up", "counted, the first named with both places")

    def test_of_families_with_the_same_prompts(self):
        self.job_with("file: even.json", "file: even.json\n  - {name: other, file: even.json}")
        said = warnings_in(self.run_program("families", "job.yaml", code=DONE).stderr)
        self.assertEqual(len(said), 1, said)
        self.assertIn("family other: has the same prompts as family even", said[0])
        tried("warning", "two families with the same prompts", "both named")

    def test_an_ablation_that_would_change_nothing_is_refused(self):
        self.family(EVEN["clean"], EVEN["clean"])
        for command in (["run", "job.yaml"], ["plan", "job.yaml"], ["families", "job.yaml"]):
            self.assert_refused([*command, "--set", "search.ablation=resample"],
                                [r"even\.json:1: '1 3 5 7 9 11': family 'even'.*resample ablation changes nothing", "100 %"])
        self.family(EVEN["clean"][:1], EVEN["clean"][:1])
        self.assert_refused(["run", "job.yaml"], ["mean ablation changes nothing"])
        self.run_program("plan", "job.yaml", "--set", "search.ablation=zero", code=DONE)
        tried("input", "corrupted prompts that are their clean partners, or one prompt as its own mean", "refused: every circuit would score 100 %")

    def test_of_a_full_model_that_hardly_does_the_task(self):
        """tiny-a has random weights: of prompts drawn from it some differences are small, and some negative."""
        self.write("job.yaml", json.dumps({
            "model": {"path": str(TINY_A)}, "run": {"output": "runs"},
            "families": [{"name": "even", "file": "even.json"}],
            "search": {"threshold": 50, "allow_nonpositive_baseline": True}}))
        self.run_program("run", "job.yaml", code=DONE)
        full = self.json_of("show", self.run_file("even", 50))["full"]
        self.assertTrue(all(difference > 0 for difference in full["per_prompt"]), "choose other prompts")

        def turned(number):
            return EVEN["clean"][number] | {"answer": EVEN["clean"][number]["distractor"],
                                            "distractor": EVEN["clean"][number]["answer"]}

        by_size = sorted(range(10), key=lambda i: full["per_prompt"][i])
        less, more = min(zip(by_size, by_size[1:]), key=lambda pair: full["per_prompt"][pair[1]] - full["per_prompt"][pair[0]])
        self.family([EVEN["clean"][more], turned(less)], EVEN["corrupted"])
        for command in (["plan", "job.yaml"], ["run", "job.yaml"], ["score", "job.yaml", "--circuit", "circuit.json"]):
            said = warnings_in(self.run_program(*command, "--set", "run.output=small", code=DONE).stderr)
            for pattern in (r"mean logit difference is only 0\.\d+: a change by 0\.01 is", "within two standard errors",
                            "prefers the answer in 1 of 2 prompts only"):
                self.assertRegex("\n".join(said), "warning: family even: the full model('s)? .*" + pattern)
        kept = self.json_of("show", self.folder / "small" / "job" / "even.file.T50.h5")["provenance"]["full_model_warnings"]
        self.assertIn("mean logit difference is only", kept)
        tried("warning", "a full model whose mean logit difference is below 0.5", "what a change by 0.01 is worth in points")
        tried("warning", "a full model whose mean is within two standard errors of 0, or that prefers the answer in fewer than three prompts of four",
              "said with the numbers")
        self.family([turned(more)], EVEN["corrupted"])
        said = warnings_in(self.run_program("plan", "job.yaml", "--set", "run.output=turned", code=DONE).stderr)
        self.assertIn("it prefers the distractors", "\n".join(said))
        refused = self.run_program("run", "job.yaml", "--set", "search.allow_nonpositive_baseline=false",
                                   "--set", "run.output=turned", code=USERS_MISTAKE)
        self.assertIn("it prefers the distractors", refused.stderr)
        tried("warning", "a full model that prefers the distractors", "refused, or a warning where the job allows it")

    def test_unknown_keys_are_refused_in_every_section(self):
        family = {"name": "f", "generate": {"sequence": "number_words"},
                  "sentences": {"templates": ["{noun} is {item}."], "fillers": {"noun": ["Van", "Hat", "Key", "Sun", "Ring"]}},
                  "keep": {"top": 1}, "corrupt": {"rule": "shuffle", "seed": 1}}
        job = {"model": {"path": str(TINY_A)}, "families": [family], "search": {"order": ["backward", "forward"]},
               "sweep": {"include": [{"family": "f"}], "exclude": [{"order": "forward"}]}, "run": {"audit": 2},
               "analyses": {"make": ["knockout"]}}
        places = [[], ["model"], ["families", 0], ["families", 0, "generate"], ["families", 0, "sentences"],
                  ["families", 0, "keep"], ["families", 0, "corrupt"], ["search"], ["sweep"], ["sweep", "include", 0],
                  ["sweep", "exclude", 0], ["run"], ["analyses"]]
        self.write("job.yaml", json.dumps(job))
        for place in places:
            changed = json.loads(json.dumps(job))
            at = changed
            for key in place:
                at = at[key]
            at["sede"] = 1
            with self.subTest(place):
                self.write("job.yaml", json.dumps(changed))
                self.assert_refused(["families", "job.yaml"], [r"job\.yaml:1: [a-z0-9.]*sede: (unknown key|is not)"])
        tried("input", "an unknown key in each of 13 sections of a job", "refused with the nearest key or all that are allowed")

    def test_run_and_plan_show_the_first_prompts_with_their_positions(self):
        more = "".join(f"\n  - {{name: f{i}, file: even.json}}" for i in range(4))
        self.job_with("file: even.json", f"file: even.json{more}")
        first = "first prompt, its tokens and named positions (no <|endoftext|> is put before it):\n  '1'=S1 ' 3'=S2 ' 5'=S3 ' 7'=S4 ' 9'=S5 ' 11'=S6=end"
        run = self.run_program("run", "job.yaml", "--set", "search.threshold=50", code=DONE).stderr
        plan = self.run_program("plan", "job.yaml", "--details", code=DONE).stdout
        self.assertEqual((run.count(first), plan.count(first)), (3, 5))
        self.assertIn("2 more families: headsweep families job.yaml\n", run)
        tried("warning", "positions that are not where the user thinks", "plan and run show the first prompts' tokens, positions marked, and that no <|endoftext|> is added")


class PaddingTest(RefusalTest):
    def test_prompts_of_other_lengths_beside_it_change_no_prompts_score(self):
        """Were prompts padded to one length, a longer one beside them would enter means or attention."""
        short = {"clean": EVEN["clean"][:3], "corrupted": EVEN["corrupted"][:3]}
        longer = {key: [p | {"template": 1, "text": "0 " + p["text"] + " " + p["text"]} for p in EVEN[key][3:6]]
                  for key in short}
        for positions in ("all", "own"):
            scores = []
            for family in (short, {key: short[key] + longer[key] for key in short}):
                self.write("even.json", family)
                scores.append(self.json_of("score", "job.yaml", "--circuit", "circuit.json", "--set", f"search.positions={positions}",
                                           "--set", "search.allow_nonpositive_baseline=true")["per_prompt"][:3])
            self.assertEqual(scores[0], scores[1])
        tried("input", "longer prompts of another template beside a family's", "its prompts' scores keep their bits: no padding enters means")


if __name__ == "__main__":
    main()
