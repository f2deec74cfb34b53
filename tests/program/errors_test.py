"""Every mistake of the user ends in exit code 2, one line that says where it is and what to do, and nothing on disk."""
import json
import os
import re
import subprocess
import unittest

try:
    import h5py
except ImportError:
    h5py = None

import headsweep_program
from headsweep_program import DONE, JOB, MACHINE_FAILED, MODELS, PROGRAM, RefusalTest, family_file
from tried import tried

EVEN = json.loads(family_file("even").read_text())
TINY_A = MODELS / "tiny-a"
GENERATED = "generate: {sequence: arithmetic, start: [1, 10], step: 2, length: 6}"


class ErrorsTest(RefusalTest):
    def family_with(self, change):
        """even.json as `change` leaves it, one prompt a line so that line numbers mean something."""
        family = json.loads(json.dumps(EVEN))
        change(family)
        lists = [f'"{key}": [\n' + ",\n".join(json.dumps(prompt) for prompt in value) + "\n]"
                 if isinstance(value, list) else json.dumps({key: value})[1:-1] for key, value in family.items()]
        return self.write("even.json", "{" + ",\n".join(lists) + "}")

    def test_job_file(self):
        file, search = "file: even.json", "threshold: 3.0"
        cases = [  # name, what is replaced by what, the message
            ("unknown key", search, "colour: red",
             [r"job\.yaml:7: search\.colour: unknown key", "allowed: rule, order, threshold"]),
            ("misspelt key", search, "treshold: 3", [r"job\.yaml:7: search\.treshold: ", "did you mean 'threshold'?"]),
            ("misspelt section", "search:", "serach:", [r"job\.yaml:6: serach: ", "did you mean 'search'?"]),
            ("wrong type", search, "threshold: three",
             [r"job\.yaml:7: search\.threshold: must be a number, but is 'three'"]),
            ("number in quotes", search, "threshold: '3'", [r"job\.yaml:7: search\.threshold: must be a number"]),
            ("list for a text", file, "file: [a, b]",
             [r"job\.yaml:5: families\.0\.file: must be a text, but is a list"]),
            ("text for a mapping", f"model:\n  path: {TINY_A}", "model: gpt2",
             [r"job\.yaml:1: model: must be a mapping"]),
            ("impossible number", search, "threshold: -1", [r"job\.yaml:7: search\.threshold: must be at least 0"]),
            ("not a number", search, "threshold: .nan", [r"job\.yaml:7: search\.threshold: must be"]),
            ("impossible choice", "positions: all", "positions: al",
             [r"job\.yaml:8: search\.positions: 'al' is not one of: all, own, union", "did you mean 'all'?"]),
            ("a choice that is not supported", search, "components: [heads, tails]",
             [r"job\.yaml:7: search\.components\.1: 'tails' is not one of: heads, mlps"]),
            ("choices that do not go together", search, "granularity: position",
             [r"job\.yaml:7: search\.granularity: .*positions is all.*own or union"]),
            ("threads", "output: runs", "threads: 2.5", [r"job\.yaml:10: run\.threads: must be a whole number"]),
            ("flag", search, "allow_nonpositive_baseline: perhaps",
             [r"job\.yaml:7: search\.allow_nonpositive_baseline: must be true or false"]),
            ("missing section", f"model:\n  path: {TINY_A}\n", "", [r"job\.yaml:1: model: is missing; add it"]),
            ("missing key", f"  path: {TINY_A}", "  processing: none",
             [r"job\.yaml:2: model\.path: is missing; add it"]),
            ("no families", "  - name: even\n    file: even.json", "  []", [r"job\.yaml:4: families: .*add a family"]),
            ("no prompts", "    file: even.json\n", "", [r"job\.yaml:4: families\.0: .*'file' or 'generate'"]),
            ("twice the same family", file, f"{file}\n  - {{name: even, {file}}}",
             [r"job\.yaml:6: families\.1\.name: 'even' .*job\.yaml:4.*its own name"]),
            ("file name in a family's name", "name: even", "name: ../even",
             [r"job\.yaml:4: families\.0\.name: '\.\./even' cannot name a family"]),
            ("step 0", file, GENERATED.replace("step: 2", "step: 0") + "\n    corrupt: repeat_last",
             [r"job\.yaml:5: families\.0\.generate\.step: must not be 0"]),
            ("no corruption", file, GENERATED, [r"job\.yaml:4: families\.0\.corrupt: is missing"]),
            ("syntax", "  - name: even", "  - name: [even", [r"job\.yaml:\d+:\d+: is not valid YAML: ."]),
            ("tab", "  threshold: 3.0", "\tthreshold: 3.0", [r"job\.yaml:\d+.*is not valid YAML", "tabs"]),
            ("twice the same key", search, "threshold: 3\n  threshold: 4",
             [r"job\.yaml:8: search\.threshold: appears twice \(first on line 7\)"]),
        ]
        for name, old, new, patterns in cases:
            for command in self.commands_in_turn(["run", "plan"]):
                with self.subTest(name, command=command):
                    self.assert_refused([command, self.job_with(old, new)], patterns)
        tried("input", f"{len(cases)} mistakes in a job file (types, values, keys, syntax, a family's name twice)", "each refused with file, line and key")

    def test_job_file_that_cannot_be_read(self):
        self.assert_refused(["run", "nowhere.yaml"], [r"nowhere\.yaml: the job file does not exist; check the path"])
        self.assert_refused(["run", self.folder], [re.escape(str(self.folder)), "is a folder; name a file"])
        self.assert_refused(["run", self.write("empty.yaml", "")], [r"empty\.yaml: the job file is empty"])
        (self.folder / "latin.yaml").write_bytes(b"model: {path: \xe4}\n")
        self.assert_refused(["run", "latin.yaml"], [r"latin\.yaml:1", "UTF-8"])

    def test_command_line(self):
        cases = [
            ("no command", [], ["a command is missing", "run, plan, families, score, prompt", "headsweep --help"]),
            ("unknown command", ["fly"], ["'fly' is no command", "use run, plan, families, score, prompt"]),
            ("misspelt command", ["scor", "job.yaml"], ["'scor' is no command", "did you mean 'score'?"]),
            ("no bench", ["bench"], ["^headsweep: bench: a command is missing", "use sweep", "headsweep bench --help"]),
            ("no job", ["run"], ["^headsweep: run: JOB is required", "headsweep run --help"]),
            ("no circuit", ["score", "job.yaml"], ["score: --circuit is required"]),
            ("no answer", ["prompt", TINY_A, "2 4"], ["prompt: ANSWER is required"]),
            ("unknown option", ["run", "job.yaml", "--colour"], ["run: .*--colour"]),
            ("too many arguments", ["show", "a.h5", "b.h5"], ["show: .*b.h5"]),
            ("bad processing", ["prompt", TINY_A, "2 4", " 6", "--processing", "x"], ["--processing: x not in .*none"]),
            ("--set without a value", ["run", "job.yaml", "--set", "search.threshold"],
             ["--set search.threshold: ", "search.threshold=5"]),
            ("--set without anything", ["run", "job.yaml", "--set"], ["--set"]),
            ("--set with a bad value", ["run", "job.yaml", "--set", "search.threshold=x"],
             ["--set search.threshold=x: search.threshold: must be a number, but is 'x'"]),
            ("--set with a misspelt key", ["run", "job.yaml", "--set", "search.treshold=5"],
             ["--set search.treshold=5: search.treshold: unknown key", "did you mean 'threshold'?"]),
            ("--set into a value", ["run", "job.yaml", "--set", "model.path.x=5"],
             ["model.path: holds the single value"]),
            ("--set on a family that is not there", ["run", "job.yaml", "--set", "families.3.name=x"],
             ["families: has no element '3'"]),
        ]
        for name, arguments, patterns in cases:
            with self.subTest(name):
                self.assert_refused(arguments, patterns)

    def test_help_and_version_are_no_mistakes(self):
        for arguments in (["--help"], ["run", "--help"], ["bench", "sweep", "--help"], ["--version"]):
            done = self.run_program(*arguments, code=DONE)
            self.assertNotEqual(done.stdout, "")
            self.assertEqual(done.stderr, "")

    def test_prompts(self):
        long_text = " ".join(["1 3 5 7 9"] * 26)
        other_template = [prompt | {"template": 1} for prompt in EVEN["clean"]]

        def of_first(**keys):
            return lambda family: family["clean"][0].update(keys)

        def of_first_words(**words):
            return lambda family: family["clean"][0]["words"].update(words)

        def misspell(family):
            family["clean"][0]["anser"] = family["clean"][0].pop("answer")

        def forget(family):
            del family["clean"][0]["answer"]

        first = r"even\.json:2: "
        cases = [
            ("misspelt key", misspell, [first + r"clean\.0\.anser: unknown key", "did you mean 'answer'?"]),
            ("missing key", forget, [first + r"clean\.0\.answer: is missing"]),
            ("misspelt list", lambda f: f.update(corupted=f.pop("corrupted")),
             [r"even\.json:\d+: corupted: unknown key", "did you mean 'corrupted'?"]),
            ("no clean prompts", lambda f: f.update(clean=[]),
             [r"even\.json:\d+: clean: is an empty list; add prompts"]),
            ("other positions", lambda f: f["clean"][1]["words"].pop("S3"),
             [r"even\.json:3: clean\.1: names other positions", "S1, S2, S3, S4"]),
            ("answer of several tokens", of_first(answer="Apartmentalize"),
             [first, "the answer ' Apartmentalize' is 4 tokens", "choose a word that is one"]),
            ("distractor of several tokens", of_first(distractor="Apartmentalize"),
             [first, "the distractor ' Apartmentalize' is 4 tokens"]),
            ("answer equal to the distractor", of_first(answer="11"),
             [first + r"clean\.0\.distractor: is the same as the answer, '11'", "change one"]),
            ("answer with a space", of_first(answer=" 13"), [first + r"clean\.0\.answer: ' 13' begins with a space"]),
            ("word of several tokens", of_first_words(S3="Apartmentalize"),
             [first, "the word 'Apartmentalize' of position S3 is 4 tokens", "choose a word that is one"]),
            ("word not in the text", of_first_words(S3="6"),
             [first, "the word '6' of position S3 does not stand in the text"]),
            ("words out of order", of_first_words(S2="5", S3="3"),
             [first, "the word '3' of position S3 does not stand in the text", "in the order"]),
            ("a position called end", of_first_words(end="11"), [first, "reserved"]),
            ("too long", of_first(text=long_text), [first, "has 130 tokens, but the model takes 128", "shorten it"]),
            ("empty text", of_first(text=""), [first + r"clean\.0\.text: must not be empty"]),
            ("text of several lines", of_first(text="1 3 5 7 9\n\n12"), [first, "S6 does not stand in the text"]),
            ("longer than every corrupted prompt", of_first(text="0 1 3 5 7 9 11"),
             [first, "has 7 tokens, but the longest corrupted prompt of its template 0 has 6", "as long"]),
            ("template without corrupted prompts", lambda f: f.update(clean=other_template),
             [first, "template 1 has no corrupted prompt", "add corrupted prompts"]),
        ]
        for name, change, patterns in cases:
            for command in self.commands_in_turn([["run", "job.yaml"], ["plan", "job.yaml"],
                                                  ["score", "job.yaml", "--circuit", "circuit.json"]]):
                with self.subTest(name, command=command[0]):
                    self.family_with(change)
                    self.assert_refused(command, patterns)
        tried("input", "an answer, distractor or word of several tokens, or one that does not stand in the text", "refused, the word and its tokens named")
        tried("input", "an answer that is also the distractor; a prompt longer than the model takes, or than all corrupted ones", "refused, the prompt named")

    def test_prompt_file_that_cannot_be_read(self):
        self.assert_refused(["run", self.job_with("even.json", "evne.json")],
                            [r"evne\.json: the prompt file of family 'even' does not exist; check the path"])
        self.job_with("even.json", "nowhere/even.json")
        self.assert_refused(["run", "job.yaml"],
                            [r"even\.json: the prompt file .*does not exist \(there is no folder nowhere\)"])
        self.write("job.yaml", JOB)
        for content in ('{"clean": [', '{"clean": [}', "clean: [1, 2", '{"clean": "1 2 3"}'):
            self.write("even.json", content)
            with self.subTest(content):
                self.assert_refused(["run", "job.yaml"], [r"even\.json:\d+:"])

    def test_numbers_are_taken_as_words(self):
        self.family_with(lambda family: family["clean"][0].update(answer=13, distractor=11))
        self.run_program("plan", "job.yaml", code=DONE)

    def test_resample_pairs_prompts(self):
        resample = ["--set", "search.ablation=resample"]
        cases = [
            ("fewer corrupted", lambda f: f["corrupted"].pop(),
             [r"even\.json:11: '10 12 14 16 18 20': has no counterpart", "10 clean, but 9 corrupted",
              "as many of both"]),
            ("fewer clean", lambda f: f["clean"].pop(),
             [r"even\.json:22: '10 12 14 16 18 18': has no counterpart", "9 clean, but 10 corrupted"]),
            ("shorter corrupted", lambda f: f["clean"][0].update(text="0 1 3 5 7 9 11"),
             [r"even\.json:2: '0 1 3 5 7 9 11': has 7 tokens, but its corrupted counterpart '1 3 5 7 9 9' only 6",
              "as long"]),
        ]
        for name, change, patterns in cases:
            with self.subTest(name):
                self.family_with(change)
                self.assert_refused(["run", "job.yaml", *resample], patterns)

    def test_baseline_that_is_not_positive(self):
        def swap(family):
            for prompt in family["clean"]:
                prompt["answer"], prompt["distractor"] = prompt["distractor"], prompt["answer"]

        self.family_with(swap)
        message = [r"job\.yaml: family 'even': the full model's mean logit difference is -\d",
                   "allow_nonpositive_baseline: true"]
        commands = (["run", "job.yaml"], ["plan", "job.yaml"], ["score", "job.yaml", "--circuit", "circuit.json"])
        for command in commands:
            with self.subTest(command[0]):
                self.assert_refused(command, message)
        for command in commands:
            with self.subTest(command[0], allowed=True):
                self.run_program(*command, "--set", "search.allow_nonpositive_baseline=true", code=DONE)

    def test_a_family_with_a_bad_baseline_is_left_out(self):
        """A sweep over night must not end at its second family in the morning; nor be silent about it."""
        swapped = [p | {"answer": p["distractor"], "distractor": p["answer"]} for p in EVEN["clean"]]
        self.write("swapped.json", {"clean": swapped, "corrupted": EVEN["corrupted"]})
        self.job_with("file: even.json", "file: even.json\n  - {name: swapped, file: swapped.json}")
        reason = "family 'swapped': the full model's mean logit difference is -"
        self.assertIn(f"left out: job.yaml: {reason}", self.run_program("plan", "job.yaml", code=DONE).stdout)
        for start in ("first", "again"):
            with self.subTest(start):
                ended = self.run_program("run", "job.yaml", code=MACHINE_FAILED)
                said = [line for line in ended.stderr.splitlines() if line.startswith("headsweep: ")]
                self.assertEqual(len(said), 1, ended.stderr)
                self.assertIn(reason, said[0])
                self.assertEqual(self.json_of("show", self.run_file("even"))["status"], "complete")
                self.assertFalse(self.run_file("swapped").exists())
        if h5py is None:
            self.skipTest("h5py is not installed")
        self.assertEqual(self.index_statuses(h5py), {"even": "complete", "swapped": "failed"})
        with h5py.File(self.run_file("even").parent / "index.h5") as index:
            self.assertIn(reason, index["swapped.file.T3"].attrs["reason"])
        tried("warning", "one family of several whose full model prefers the distractors", "left out with the reason, exit code 1; the others go on")

    def test_circuit_file(self):
        cases = [
            ("layer that does not exist", {"heads": [[0, 0], [3, 0]]}, [r"circuit\.json: head \[3, 0\] does not exist",
                                                                       "layers 0 to 2 with heads 0 to 3"]),
            ("head that does not exist", {"heads": [[0, 4]]}, [r"circuit\.json: head \[0, 4\] does not exist"]),
            ("negative head", {"heads": [[0, -1]]}, [r"circuit\.json:1: heads\.0\.1: must be from 0 to"]),
            ("the same head twice", {"heads": [[0, 1], [0, 1]]},
             [r"circuit\.json:1: heads\.1: head \[0, 1\] is there already"]),
            ("no pair", {"heads": [[0]]}, [r"circuit\.json:1: heads\.0: must be a head, \[layer, head\]"]),
            ("misspelt key", {"haeds": [[0, 0]]}, [r"circuit\.json:1: haeds: unknown key", "did you mean 'heads'?"]),
            ("nothing", {}, [r"circuit\.json:1: .*holds no circuit; write"]),
            ("both forms", {"heads": [], "positions": {}}, [r"circuit\.json:1: positions: .*remove one"]),
            ("positions with positions: all", {"positions": {"S1": [[0, 0]]}},
             [r"circuit\.json: gives heads per position", "set search.positions to own or union"]),
            ("MLP that does not exist", {"heads": [], "mlps": [3]},
             [r"circuit\.json: mlps: layer 3 does not exist: the model has layers 0 to 2"]),
            ("the same MLP twice", {"mlps": [1, 1]}, [r"circuit\.json:1: mlps\.1: .*is there already"]),
            ("not JSON", "heads: [[0, 0]", [r"circuit\.json:1: .*is a bracket not closed\?"]),
        ]
        for name, content, patterns in cases:
            with self.subTest(name):
                self.write("circuit.json", content)
                self.assert_refused(["score", "job.yaml", "--circuit", "circuit.json"], patterns)
        own = ["--set", "search.positions=own"]
        self.write("circuit.json", {"positions": {"S9": [[0, 0]]}})
        self.assert_refused(["score", "job.yaml", "--circuit", "circuit.json", *own],
                            [r"circuit\.json: positions\.S9: the family has no such position; it has S1, S2, .*end"])
        self.assert_refused(["score", "job.yaml", "--circuit", "nowhere.json"],
                            [r"nowhere\.json: the circuit file does not exist"])

    def test_which_family_to_score(self):
        self.job_with("file: even.json", "file: even.json\n  - {name: other, file: even.json}")
        score = ["score", "job.yaml", "--circuit", "circuit.json"]
        self.assert_refused(score, [r"job\.yaml: has several families: .*--family \(one of even, other\)"])
        self.assert_refused([*score, "--family", "odd"], [r"job\.yaml: has no family 'odd'; it has even, other"])
        self.run_program(*score, "--family", "other", code=DONE)

    def test_prompt_command(self):
        long_text = " ".join(["1 3 5 7 9"] * 26)
        cases = [
            ("answer of several tokens", ["2 4 6", " Apartmentalize"],
             ["the answer ' Apartmentalize' is 4 tokens.*' Ap' 'artment' 'al' 'ize'.*give an answer"]),
            ("empty answer", ["2 4 6", ""], ["answer '' is 0 tokens"]),
            ("too long", [long_text, " 6"], ["the text, with <.endoftext.> before it: has 131 tokens, but the model takes 128"]),
        ]
        for name, arguments, patterns in cases:
            with self.subTest(name):
                self.assert_refused(["prompt", TINY_A, *arguments], patterns)

    def test_show(self):
        self.run_program("run", "job.yaml", code=DONE)
        good = self.run_file("even").read_bytes()
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 1
        damaged = r": is damaged: .*; copy it again, or remove it"
        cases = [("empty", b"", r": is not an HDF5 file \(it is empty\)"),
                 ("text", b"a,b\n1,2\n", ": is not an HDF5 file"),
                 ("half", good[:len(good) // 2], damaged), ("the first bytes", good[:100], damaged),
                 ("a flipped bit", bytes(flipped), damaged)]
        for name, content, pattern in cases:
            with self.subTest(name):
                (self.folder / "bad.h5").write_bytes(content)
                self.assert_refused(["show", "bad.h5"], ["^headsweep: bad.h5" + pattern])
        self.assert_refused(["show", self.run_file("even"), "--fragile", "-1"], ["--fragile: .*-1"])
        self.assert_refused(["show", self.run_file("even"), "--fragile", "1", "--json"], ["--json excludes --fragile"])
        self.assert_refused(["show", "nowhere.h5"], [r"nowhere\.h5: the run file does not exist; check the path"])
        self.assert_refused(["show", self.folder], ["is a folder; name a file"])
        self.assert_refused(["show", "runs/job/index.h5"], [r"index\.h5: .*headsweep index"])

    def test_output_folder_that_cannot_be_made(self):
        self.write("runs", "a file is in the way")
        self.assert_refused(["run", "job.yaml"],
                            [r"job\.yaml: run\.output: the folder runs/job cannot be made", "choose"])
        (self.folder / "runs").unlink()
        (self.folder / "runs").mkdir()
        self.write("runs/job", "a file is in the way")
        self.assert_refused(["run", "job.yaml"],
                            [r"job\.yaml: run\.output: the folder runs/job cannot be made", "choose"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_output_that_cannot_be_written_is_the_machines_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "model", TINY_A], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=60)
        self.assertEqual(done.returncode, MACHINE_FAILED)
        self.assertRegex(done.stderr, "^headsweep: .*No space left")


if __name__ == "__main__":
    headsweep_program.main()
