#!/usr/bin/env python3
"""Two thousand prompts, in parts: the bits of all at once, and no more memory than plan says."""
import headsweep_program
from headsweep_program import DONE, MODELS, USERS_MISTAKE, results
from many_prompts import ManyPromptsTest
from tried import tried


class LongestPromptTest(headsweep_program.ProgramTest):
    def test_a_prompt_of_n_positions_tokens_is_taken_and_one_more_is_refused(self):
        def of(tokens, first=1):
            text = " ".join(str(first + i % 90) for i in range(tokens))
            return {"text": text, "answer": "5", "distractor": "7"}

        self.write("job.yaml", headsweep_program.job(MODELS / "tiny-a", {"long": "family.json"},
                                                     allow_nonpositive_baseline=True))
        self.write("family.json", {"clean": [of(128)], "corrupted": [of(128, first=2)]})
        self.run_program("run", "job.yaml", code=DONE)
        self.write("family.json", {"clean": [of(128), of(129)], "corrupted": [of(129)]})
        for command in ("plan", "run"):
            said = self.run_program(command, "job.yaml", code=USERS_MISTAKE).stderr
            self.assertRegex(said, r"family\.json:\d+: '1 2 3 .*has 129 tokens, but the model takes 128 "
                                   r"\(n_positions\): shorten it")
        tried("load", "a prompt of one token more than n_positions", "refused by its name")


class TwoThousandTest(ManyPromptsTest):
    count, family_memory_gb, most_megabytes = 2_000, 0.004, 100

    def test_parts_give_the_bits_of_all_prompts_at_once_in_less_memory(self):
        self.check_memory()
        self.write_job("at-once")
        self.assertNotIn("in parts of", self.run_program("plan", "job.yaml", code=DONE).stdout)
        self.run_program("run", "job.yaml", code=DONE)
        shown, expected = (results(self.json_of("show", self.run_of(output))) for output in ("runs", "at-once"))
        self.assertEqual(len(shown["decisions"]), 12)
        self.assertEqual(shown, expected)
        tried("load", "2,000 prompts in a family, in parts that fit into 4 MB", "the bits of all prompts at once")

    def test_a_family_that_does_not_even_fit_prompt_by_prompt_is_refused(self):
        self.write_job("runs", family_memory_gb=0.0001)
        for command in ("plan", "run"):
            done = self.run_program(command, "job.yaml", code=USERS_MISTAKE)
            self.assertRegex(done.stderr, "family 'many' needs .* GB of a rank's memory even if it is run prompt by prompt, "
                                          ".*raise run.family_memory_gb")
        self.assertFalse((self.folder / "runs").exists())
        tried("load", "a family that does not fit into run.family_memory_gb prompt by prompt", "refused by plan and run")


if __name__ == "__main__":
    headsweep_program.main()
