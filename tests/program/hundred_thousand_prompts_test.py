#!/usr/bin/env python3
"""A hundred thousand prompts in one family."""
import time

import headsweep_program
from headsweep_program import DONE
from many_prompts import ManyPromptsTest
from tried import tried


class HundredThousandTest(ManyPromptsTest):
    count, family_memory_gb, most_megabytes = 100_000, 0.1, 900

    def test_memory_is_bounded_and_what_plan_says(self):
        self.check_memory()
        tried("load", "100,000 prompts in a family", "run in parts, in the memory that plan says, to within a fifth")
        for command in (["show"], ["report", "--format", "md"], ["families"]):
            with self.subTest(command[0]):
                start = time.monotonic()
                target = "job.yaml" if command == ["families"] else self.run_of("runs")
                said = self.run_program(command[0], target, *command[1:], code=DONE)
                print(f"{command[0]}: {time.monotonic() - start:.1f} s, {len(said.stdout)} characters")
                if command != ["families"]:
                    self.assertLess(len(said.stdout), 100_000)


if __name__ == "__main__":
    headsweep_program.main()
