#!/usr/bin/env python3
"""The manual's page and the completions: all that --help knows, and in forms that man and shells take."""
import os
import re
import shutil
import subprocess

from headsweep_program import DONE, SOURCE, ProgramTest, main

READS_THE_ENVIRONMENT = ["io", "kernels", "model", "pipeline"]


class CommandTextsTest(ProgramTest):
    def needs(self, tool):
        if shutil.which(tool):
            return
        reason = f"{tool} is not installed (scripts/install_packages.sh --with-tools)"
        if os.environ.get("HEADSWEEP_REQUIRE_TOOLS") == "1":
            self.fail(reason)
        self.skipTest(reason)

    def text(self, *command):
        return self.run_program(*command, code=DONE).stdout

    def commands(self, *above):
        """{name: what --help says of it}, of all commands that do something."""
        shown = self.text(*above, "--help")
        under = re.findall(r"^  ([a-z]+) ", shown.split("Subcommands:")[1], re.M) if "Subcommands:" in shown else []
        if not under:
            return {" ".join(above): shown}
        return {name: shown for each in under for name, shown in self.commands(*above, each).items()}

    def options(self, shown):
        return re.findall(r"(?<![\w-])--?[a-z][a-z-]*", "\n".join(re.findall(r"^  (-\S+)", shown, re.M)))

    def complete(self, *words):
        script = self.write("completion", self.text("completion", "bash"))
        line = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _headsweep; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", line, script, *words], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_the_manual_has_every_command_and_option(self):
        page = self.text("manual").replace("\\-", "-")
        sections = dict(zip(re.findall(r"^\.SS (.*)$", page, re.M), re.split(r"^\.S[SH] .*$", page.split(".SH COMMANDS")[1], flags=re.M)[1:]))
        commands = self.commands()
        self.assertEqual(list(sections), list(commands))
        for name, shown in commands.items():
            for option in self.options(shown):
                where = page if option in ("-h", "--help") else sections[name]
                self.assertIn(f"\\fB{option}\\fR", where, f"headsweep {name}")

    def test_the_manual_has_what_a_page_needs(self):
        page = self.text("manual")
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", '"EXIT STATUS"', "FILES", "ENVIRONMENT", '"SEE ALSO"'):
            self.assertIn(f"\n.SH {section}\n", page)
        for code in (0, 1, 2, 75):
            self.assertIn(f"\\fB{code}\\fR\n", page)

    def test_the_manual_has_the_environment_that_sources_read(self):
        page = self.text("manual").replace("\\-", "-")
        sources = [file for folder in READS_THE_ENVIRONMENT for file in (SOURCE / folder).rglob("*.cpp")]
        read = {name for file in sources for name in re.findall(r'"(HEADSWEEP_[A-Z_]+|OMP_NUM_THREADS)"', file.read_text())}
        self.assertIn("HEADSWEEP_PLUGINS", read)
        self.assertEqual([name for name in sorted(read) if name not in page], [])

    def test_groff_has_nothing_against_the_manual(self):
        self.needs("groff")
        page = self.write("headsweep.1", self.text("manual"))
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("run a job, or go on with what is unfinished of it", done.stdout)

    def test_bash_completes_commands_and_their_options(self):
        commands = {name.split()[0] for name in self.commands()}
        self.assertEqual(set(self.complete("headsweep", "")), commands)
        self.assertEqual(self.complete("headsweep", "repo"), ["report"])
        self.assertEqual(self.complete("headsweep", "bench", ""), ["sweep", "cost", "model"])
        for name, shown in self.commands().items():
            found = self.complete("headsweep", *name.split(), "-")
            self.assertEqual(set(self.options(shown)) - set(found), set(), name)

    def test_bash_completes_choices(self):
        self.assertEqual(self.complete("headsweep", "report", "runs", "--format", ""), ["html", "md"])
        self.assertEqual(self.complete("headsweep", "report", "--format", "="), ["html", "md"])
        self.assertEqual(self.complete("headsweep", "report", "--format", "=", "m"), ["md"])
        self.assertEqual(self.complete("headsweep", "bench", "model", "--device", "c"), ["cpu", "cuda"])
        self.assertEqual(self.complete("headsweep", "completion", ""), ["bash", "zsh", "fish"])

    def test_bash_completes_files_elsewhere(self):
        self.assertEqual(self.complete("headsweep", "run", ""), [])
        self.assertEqual(self.complete("headsweep", "report", "-o", ""), [])
        self.assertIn("complete -o default -F _headsweep headsweep", self.text("completion", "bash"))

    def test_zsh_takes_its_completion(self):
        self.needs("zsh")
        folder = self.new_folder()
        (folder / "_headsweep").write_text(self.text("completion", "zsh"))
        line = "fpath=($0 $fpath); autoload -U compinit; compinit -u -D; echo $_comps[headsweep]; autoload +X _headsweep"
        done = subprocess.run(["zsh", "-f", "-c", line, folder], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "_headsweep\n", ""))

    def test_fish_completes(self):
        self.needs("fish")
        script = self.write("completion.fish", self.text("completion", "fish"))

        def complete(line):
            done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                                  text=True, timeout=60, env=dict(os.environ, HOME=str(self.folder)))
            self.assertEqual(done.stderr, "")
            return [each.split("\t")[0] for each in done.stdout.splitlines()]

        self.assertEqual(complete("headsweep report --format "), ["html", "md"])
        self.assertEqual(sorted(complete("headsweep bench ")), ["cost", "model", "sweep"])
        self.assertIn("--set", complete("headsweep run --s"))


if __name__ == "__main__":
    main()
