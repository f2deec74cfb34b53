"""Names and places that are odd, hostile or in the way: what the program makes of them is right, or it refuses them; nothing
is written elsewhere, nothing is executed, nothing reaches the terminal that would do something there."""
import csv
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import unittest

from headsweep_program import (DONE, JOB, MACHINE_FAILED, MODELS, PROGRAM, SOURCE, USERS_MISTAKE, RefusalTest,
                               family_file, main)
from tried import tried

TINY_A = MODELS / "tiny-a"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
ODD = "a b'\"$(touch owned)`touch owned`;%s%n{}<b>&\tünï🙂\n" + ESCAPE + "\u202e"
# What a terminal might obey: controls but for line ends and tabs, and marks of direction.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class SourcesTest(unittest.TestCase):
    def test_no_text_is_a_format_or_a_command(self):
        for folder in ("io", "kernels", "model", "pipeline"):
            for file in (SOURCE / folder).rglob("*"):
                if file.suffix in (".cpp", ".h", ".cu", ".cuh"):
                    found = re.search(r"fmt::runtime|\b(v?f?s?n?printf|system|popen|exec[lv]p?e?|posix_spawnp?)\(", file.read_text())
                    self.assertIsNone(found, f"{file}: {found}")
        tried("input", "a text of a checkpoint, prompt or name as a command or a format", "no source has what could take it for one")


class SpecialFilesTest(RefusalTest):
    """In place of each file that is read: what can hang, or has no end."""

    def put(self, kind, path):
        path.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "socket":
            here = os.getcwd()
            os.chdir(path.parent)  # the address of a socket is short
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path.name)
            os.chdir(here)
        else:
            path.symlink_to({"device": "/dev/zero", "link to nothing": "nowhere", "link to itself": path.name}[kind])

    def refuse(self, path, command, kinds):
        good = path.read_bytes()
        for kind in kinds:
            with self.subTest(path.name, kind=kind):
                self.put(kind, path)
                self.assert_refused(command, [re.escape(path.name)])
                shutil.rmtree(path) if kind == "folder" else path.unlink()
        path.write_bytes(good)

    def test_are_refused_wherever_a_file_is_read(self):
        every = ("pipe", "folder", "socket", "device", "link to nothing", "link to itself")
        some = ("pipe", "device")
        self.refuse(self.folder / "job.yaml", ["families", "job.yaml"], every)
        self.refuse(self.folder / "even.json", ["families", "job.yaml"], some)
        self.refuse(self.folder / "circuit.json", ["score", "job.yaml", "--circuit", "circuit.json"], some)
        self.refuse(self.write("t.csv", "x"), ["plan", "job.yaml", "--simulate", "--trace", "t.csv"], some)
        rows = "".join(f"{layer},{head},99,1\n" for layer in (2, 1, 0) for head in range(4))
        self.write("t.csv", f"layer,head,score_pct,removed\n{rows}")
        self.refuse(self.write("c.json", "x"), ["plan", "job.yaml", "--simulate", "--trace", "t.csv", "--cost", "c.json"], some)
        self.refuse(self.write("run.h5", "x"), ["show", "run.h5"], every)
        self.refuse(self.write("index.h5", "x"), ["report", "index.h5", "--format", "md"], some)
        model = self.copy_model("model")
        for name in ("config.json", "vocab.json", "merges.txt"):
            file = (model / name).resolve().read_bytes()
            (model / name).unlink()
            (model / name).write_bytes(file)
            self.refuse(model / name, ["model", model], some)
        weights = (model / "model.safetensors").resolve()
        (model / "model.safetensors").unlink()
        (model / "model.safetensors").write_bytes(weights.read_bytes())
        self.refuse(model / "model.safetensors", ["model", model], every)
        kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(kilobytes, 400_000, "something was read that has no end")
        tried("path", "a pipe or device in place of each of 11 kinds of input files; a folder, socket or broken link in place of three of them",
              "each refused at once, by name")


class OddNamesTest(RefusalTest):
    def setUp(self):
        super().setUp()
        self.place = self.folder / ODD
        self.place.mkdir()
        (self.place / ODD).symlink_to(TINY_A)
        prompts = json.loads(family_file("even").read_text())
        for prompt in prompts["clean"] + prompts["corrupted"]:
            prompt["words"][f"last{ESCAPE}\n"] = prompt["words"].pop("S6")
        for prompt in prompts["clean"][:2] + prompts["corrupted"][:2]:
            prompt["text"] += f"{ESCAPE} %s%n{{}}\n"
        (self.place / f"{ODD}.json").write_text(json.dumps(prompts))
        self.job = self.place / f"{ODD}.yaml"
        job = {"model": {"path": ODD}, "families": [{"name": "even", "file": f"{ODD}.json"}],
               "run": {"output": f"{ODD}out"}, "search": {"threshold": 50, "allow_nonpositive_baseline": True}}
        self.job.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        self.runs = self.place / f"{ODD}out" / ODD

    def say(self, *arguments, code=DONE):
        done = self.run_program(*arguments, code=code)
        for said in (done.stdout, done.stderr):
            self.assertIsNone(OBEYED.search(said), repr(said))
        return done

    def test_every_command_takes_them_and_shows_them_escaped(self):
        self.say("plan", self.job, "--slurm", "--ranks", 2)
        ran = self.say("run", self.job)
        self.assertIn(r"=last\x1b]0;owned\x07\x1b[2J", ran.stderr)
        self.say("families", self.job)
        self.say("score", self.job, "--circuit", "circuit.json")
        self.assertEqual(sorted(file.name for file in self.runs.iterdir()), ["even.file.T50.h5", "index.h5"])
        run = self.runs / "even.file.T50.h5"
        for command in (["show", run, "--decisions"], ["verify", run], ["knockout", run], ["compare", run],
                        ["model", self.place / ODD], ["prompt", self.place / ODD, ODD, " 6"]):
            self.say(*command)
        shown = json.loads(self.say("show", run, "--json").stdout)
        self.assertEqual(pathlib.Path(shown["provenance"]["job_file"]), self.job)
        listed = json.loads(self.say("families", self.job, "--json").stdout)
        self.assertEqual(listed["families"][0]["position_names"][-2], f"last{ESCAPE}\n")
        self.say("report", self.runs, "-o", self.place / f"{ODD}.html")
        self.say("report", self.runs, "--format", "md")
        self.assertFalse(any("owned" == path.name for path in self.folder.rglob("*")))
        tried("path", "job, model, prompts, output and report named with spaces, quotes, line ends, $(...), %s%n, {}, "
              "<b>, emoji and terminal sequences", "every command works; the terminal gets them escaped")

    def test_slurm_line_and_batch_script_pass_the_job_on_as_it_is(self):
        line = self.say("plan", self.job, "--slurm", "--ranks", 2).stdout.splitlines()[-1]
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        for name in ("sbatch", "srun"):
            (bin_folder / name).write_text("#!/bin/bash\nprintf '%s\\0' \"$@\" > \"$ARGUMENTS\"\n")
            (bin_folder / name).chmod(0o755)
        arguments = self.folder / "arguments"
        environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "ARGUMENTS": str(arguments)}
        subprocess.run(["bash", "-c", line], env=environment, check=True)
        self.assertEqual(arguments.read_bytes().split(b"\0")[-2], os.fsencode(self.job))
        slurm = {"SLURM_JOB_ID": "1", "SLURM_JOB_CPUS_PER_NODE": "2", "SLURM_TASKS_PER_NODE": "2", "SLURM_NTASKS": "2",
                 "SLURM_JOB_NODELIST": "n1", "HEADSWEEP": "/bin/true", "HEADSWEEP_HOME": str(SOURCE)}
        ended = subprocess.run(["bash", SOURCE / "slurm" / "cpu.sbatch", self.job], env=environment | slurm,
                               cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, DONE, ended.stderr)
        self.assertIn(os.fsencode(self.job), arguments.read_bytes().split(b"\0"))
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f]", ended.stdout), repr(ended.stdout))
        self.assertFalse(any("owned" == path.name for path in self.folder.rglob("*")))
        tried("path", "such a job file in the sbatch line of plan --slurm and in slurm/cpu.sbatch",
              "passed on as it is, nothing of it executed")

    def test_names_as_long_as_they_can_be(self):
        long_name = "x" * 250
        os.rename(self.job, self.place / f"{long_name}.yaml")
        self.say("run", self.place / f"{long_name}.yaml")
        self.assertTrue((self.runs.parent / long_name / "even.file.T50.h5").exists())
        too_long = self.say("plan", self.place / ("x" * 256), code=USERS_MISTAKE)
        self.assertIn("File name too long", too_long.stderr)
        family = {"generate": {"sequence": "arithmetic"}, "corrupt": "repeat_last"}
        families = [family | {"name": "x" * 100, "corrupt": {"family": "y" * 100}}, family | {"name": "y" * 100}]
        self.write("job.yaml", json.dumps({"model": {"path": str(TINY_A)}, "families": families}))
        self.say("families", "job.yaml")
        set_all = ["--set", "search.threshold=3.0000000000000004", "--set", "search.order=importance",
                   "--set", "search.ablation=resample"]
        self.assert_refused(["plan", "job.yaml", *set_all], [r"job\.yaml:\d+: families: the run 'x+.*file name that is too "
                                                             r"long .* shorten the name of the family"])
        tried("path", "a job file's name of 255 bytes; a run's name with no room for what is written beside it",
              "the first works, the second is refused before the search")

    def test_texts_of_a_crafted_run_file_stay_in_their_place(self):
        """As made_up_runs writes it: markup, sequences and line ends wherever a run file holds a text."""
        subprocess.run([os.environ["HEADSWEEP_MADE_UP_RUNS"], self.folder / "crafted", "hostile"], check=True)
        run = next((self.folder / "crafted").glob("*.T3.h5"))
        self.say("show", run, "--decisions")
        markdown = self.say("report", "crafted", "--format", "md").stdout
        self.assertNotIn("<script", markdown)
        self.assertNotIn("[x](", markdown)
        self.run_program("export", "crafted", "--format", "csv", "-o", "runs.csv", code=DONE)
        with open(self.folder / "runs.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertIn("</script><script>", rows[0]["family"])
        tried("input", "a crafted run file with markup, links and terminal sequences as its texts",
              "shown escaped in the terminal and in Markdown, whole in CSV and JSON")


class OutputTest(RefusalTest):
    def test_names_that_lead_out_of_the_output_folder_are_refused(self):
        for name in ("../even", "..", ".", ".even", "/tmp/even", "a/b", "a\\b", "-o", "a b", "a\nb", "é", "%s", "x" * 101):
            with self.subTest(name):
                self.job_with("name: even", f"name: {json.dumps(name)}")
                self.assert_refused(["run", "job.yaml"], [r"job\.yaml:4: families\.0\.name: ", "file name"])
        for name in ("...yaml", "..yaml", ".."):
            with self.subTest(name):
                self.write(name, JOB) if name != ".." else None
                self.assert_refused(["run", name], [re.escape(name)])
        tried("path", "a family or job whose name would lead out of the output folder (.., /, -o ...)", "refused")

    def test_a_link_in_the_output_folder_is_never_written_through(self):
        self.run_program("plan", "job.yaml", code=DONE)
        folder = self.folder / "runs" / "job"
        folder.mkdir(parents=True)
        precious = self.write("precious", "as it was")
        run, index, lock = folder / "even.file.T3.h5", folder / "index.h5", folder / ".lock"
        for link in (run, index, lock):
            with self.subTest(link.name, to="a file"):
                link.symlink_to(precious)
                self.assert_refused(["run", "job.yaml"], [re.escape(link.name)])
                link.unlink()
        for link in (run, index):
            link.symlink_to(self.folder / "nowhere")
        self.run_program("run", "job.yaml", code=DONE)
        self.assertEqual(precious.read_text(), "as it was")
        self.assertFalse((self.folder / "nowhere").exists())
        self.assertFalse(run.is_symlink() or index.is_symlink())
        tried("path", "a symbolic link in place of a run file, the index or the lock",
              "refused, or replaced by the file; what it leads to stays as it was")

    def test_the_output_folder_itself_may_be_a_link_and_a_path_may_go_up(self):
        (self.folder / "scratch").mkdir()
        (self.folder / "runs").symlink_to("scratch")
        (self.folder / "deep").mkdir()
        (self.folder / "deep" / "model").symlink_to(TINY_A)
        self.run_program("run", "job.yaml", "--set", "model.path=deep/../deep/model", code=DONE)
        self.assertTrue((self.folder / "scratch" / "job" / "even.file.T3.h5").exists())
        os.remove(self.folder / "runs")
        (self.folder / "runs").symlink_to("runs")
        self.assert_refused(["run", "job.yaml"], ["runs/job.*: Too many levels of symbolic links"])
        tried("path", "an output folder that is a link, a model path with ..; a link to itself as output folder",
              "used; the last refused")

    def test_a_place_that_cannot_be_written_to_is_named(self):
        """Root may write everywhere: the program runs as nobody, where that can be."""
        self.run_program("run", "job.yaml", code=DONE)
        folder = self.folder / "runs" / "job"
        before = {file.name: file.read_bytes() for file in folder.iterdir()}
        for path in (self.folder, folder.parent, folder):
            path.chmod(0o555)
        self.addCleanup(lambda: [path.chmod(0o755) for path in (self.folder, folder.parent, folder)])
        as_nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}

        def run(*arguments):
            return subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                                  timeout=120, env=os.environ | {"HOME": "/", "TMPDIR": "/tmp"}, **as_nobody)

        try:
            if run("model", TINY_A).returncode != DONE:
                self.skipTest("nobody may run the program here")
        except PermissionError:
            self.skipTest("nobody may run the program here")
        cases = [(["run", "job.yaml"], r"\.lock: cannot be written to: Permission denied"),
                 (["run", "job.yaml", "--set", "run.output=new"], r"run\.output: the folder new/job cannot be made"),
                 (["report", "runs/job", "-o", "report.html"], r"report\.html: .*Permission denied")]
        for arguments, pattern in cases:
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertIn(ended.returncode, (USERS_MISTAKE, MACHINE_FAILED), ended.stderr)
                self.assertRegex(ended.stderr.splitlines()[-1], "^headsweep: .*" + pattern)
        self.assertEqual({file.name: file.read_bytes() for file in folder.iterdir()}, before)
        self.assertEqual(run("show", folder / "even.file.T3.h5").returncode, DONE)
        tried("path", "an output folder and a report's folder without permission to write",
              "named, with the reason; run files stay, and can be shown")


if __name__ == "__main__":
    main()
