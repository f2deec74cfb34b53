#!/usr/bin/env python3
"""What `families` shows, what is left out and where that is said, and families with several corruptions."""
import unittest

from headsweep_program import DONE, MODELS, SOURCE, USERS_MISTAKE, ProgramTest, main
from tried import tried

TINY_A = MODELS / "tiny-a"


def job(*families, model=TINY_A):
    return {"model": {"path": str(model)}, "families": list(families), "run": {"output": "runs"},
            "search": {"threshold": 50, "allow_nonpositive_baseline": True}}


# "eleven", which begins a prompt, is two tokens without a space before it.
WORDS = {"name": "words", "generate": {"sequence": "number_words", "start": ["ten", "eleven"], "length": 4},
         "corrupt": ["repeat_last", {"rule": "random_items", "seed": 1}]}
COUNT = {"name": "count", "generate": {"sequence": "arithmetic", "start": [1, 2], "length": 4}, "corrupt": "shuffle"}


class FamiliesTest(ProgramTest):
    def test_shows_prompts_tokens_positions_and_what_is_left_out(self):
        self.write("job.yaml", job(WORDS, COUNT))
        shown = self.run_program("families", "job.yaml", code=DONE).stdout
        self.assertIn("family words, corruption repeat_last: 1 clean prompts (4 tokens), 1 corrupted (4 tokens)", shown)
        self.assertIn("'ten'=S1 ' eleven'=S2 ' twelve'=S3 ' thirteen'=S4=end  "
                      "answer ' fourteen', distractor ' thirteen'", shown)
        self.assertIn("left out, prompt 'eleven twelve thirteen fourteen': "
                      "'eleven' is 2 tokens at the beginning", shown)
        tried("input", "items of several tokens in a family made by rule", "left out, counted, the reason named")
        only = self.run_program("families", "job.yaml", "--family", "count", code=DONE).stdout
        self.assertNotIn("words", only)
        self.assertIn("'1'=S1 ' 2'=S2 ' 3'=S3 ' 4'=S4=end", only)

    def test_needs_no_weights(self):
        model = self.copy_model("no-weights")
        (model / "model.safetensors").unlink()
        self.write("job.yaml", job(COUNT, model=model))
        listed = self.json_of("families", "job.yaml")["families"]
        self.assertEqual([p["text"] for p in listed[0]["clean"]], ["1 2 3 4", "2 3 4 5"])
        self.assertEqual(listed[0]["position_names"], ["S1", "S2", "S3", "S4", "end"])
        self.assertEqual(listed[0]["clean"][0]["positions"], [0, 1, 2, 3, 3])
        self.write("job.yaml", job(COUNT | {"keep": {"top": 1}}, model=model))
        refused = self.run_program("families", "job.yaml", code=USERS_MISTAKE).stderr
        self.assertIn("no-weights", refused)

    def test_the_json_form_names_what_is_left_out(self):
        self.write("job.yaml", job(WORDS))
        first = self.json_of("families", "job.yaml", "--family", "words.repeat_last")["families"][0]
        self.assertEqual(first["generated"], 2)
        self.assertEqual([each["text"] for each in first["left_out"]["prompts"]], ["eleven twelve thirteen fourteen"])
        self.assertEqual((first["clean"][0]["answer"], first["corrupted"][0]["answer"]), ("fourteen", "thirteen"))

    def test_run_and_plan_say_what_is_left_out_and_the_run_file_keeps_it(self):
        self.write("job.yaml", job(WORDS))
        sentence = "1 of 2 prompts left out ('eleven' is 2 tokens at the beginning)"
        self.assertIn(sentence, self.run_program("plan", "job.yaml", code=DONE).stdout)
        run = self.run_program("run", "job.yaml", code=DONE)
        self.assertIn(f"family words: {sentence}", run.stderr)
        for corruption in ("repeat_last", "random_items"):
            file = self.folder / "runs" / "job" / f"words.{corruption}.T50.h5"
            shown = self.json_of("show", file)
            self.assertIn(sentence, shown["provenance"]["left_out"])
            self.assertEqual(shown["identity"]["corruption"], corruption)

    def test_score_asks_which_corruption(self):
        self.write("job.yaml", job(WORDS))
        self.write("circuit.json", {"heads": [[0, 0]]})
        score = ["score", "job.yaml", "--circuit", "circuit.json"]
        refused = self.run_program(*score, "--family", "words", code=USERS_MISTAKE).stderr
        self.assertIn("--family (one of words.repeat_last, words.random_items)", refused)
        self.run_program(*score, "--family", "words.random_items", code=DONE)

    def test_keep_asks_the_model(self):
        demo = SOURCE / "jobs" / "demo-model"
        family = {"name": "sevens", "generate": {"sequence": "arithmetic", "start": [1, 20], "step": 7, "length": 3},
                  "keep": {"top": 1}, "corrupt": "repeat_last"}
        self.write("job.yaml", job(family, model=demo))
        kept = self.json_of("families", "job.yaml")["families"][0]
        left_out = kept["left_out"]["prompts"]
        self.assertEqual(len(kept["clean"]) + len(left_out), 20)
        # The demo model was never shown steps of seven.
        self.assertGreater(len(left_out), 0)
        self.assertEqual({each["reason"] for each in left_out}, {"the model does not answer it as 'keep' asks"})
        order_of_nothing = {"sequence": "words", "words": ["Van", "Fork", "Bell", "Coin"], "length": 3}
        self.write("job.yaml", job(family | {"generate": order_of_nothing, "keep": {"times_distractor": 1e6}}, model=demo))
        refused = self.run_program("families", "job.yaml", code=USERS_MISTAKE).stderr
        self.assertRegex(refused, "none of its 1 prompts can be used: .*ask less of 'keep'")


if __name__ == "__main__":
    main()
