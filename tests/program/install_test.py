#!/usr/bin/env python3
"""What `cmake --install` makes: a folder that works wherever it is moved to."""
import os
import pathlib
import shutil
import subprocess

from headsweep_program import DONE, PROGRAM, ProgramTest, main

TREE = pathlib.Path(PROGRAM).parents[1]
TOLD = 'Comment=(null) Command={} two.yaml Power= JobId=7'
SLURM = {"SLURM_JOB_ID": "7", "SLURM_JOB_CPUS_PER_NODE": "2", "SLURM_TASKS_PER_NODE": "1", "SLURM_JOB_NODELIST": "n1",
         "SLURM_NTASKS": "1"}


class InstallTest(ProgramTest):
    def setUp(self):
        super().setUp()
        if not (TREE / "texts").is_dir():
            self.skipTest("a program under sanitizers is not for installing")
        first = self.folder / "first"
        done = subprocess.run(["cmake", "--install", TREE, "--prefix", first], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.prefix = first.rename(self.folder / "then moved")
        self.program = self.prefix / "bin" / "headsweep"

    def run_installed(self, *arguments, **environment):
        done = subprocess.run([self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, env=os.environ | environment)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return done.stdout

    def test_the_demo_runs_from_it(self):
        jobs = self.prefix / "share" / "headsweep" / "jobs"
        shown = self.run_installed("run", jobs / "demo.yaml", "--set", f"run.output={self.folder / 'runs'}")
        self.assertIn("circuit: 7 of 48 heads", shown)
        self.assertTrue((self.folder / "runs" / "demo" / "index.h5").is_file())
        shutil.copytree(jobs, self.folder / "jobs")
        (self.folder / "runs").rename(self.folder / "other runs")
        self.run_installed("run", "jobs/demo.yaml")
        self.assertTrue((self.folder / "runs" / "demo" / "index.h5").is_file())
        self.assertFalse((jobs.parent / "runs").exists())

    def test_its_texts_and_documents_are_there(self):
        share = self.prefix / "share"
        for file, arguments in (("man/man1/headsweep.1", ["manual"]),
                                ("bash-completion/completions/headsweep", ["completion", "bash"]),
                                ("zsh/site-functions/_headsweep", ["completion", "zsh"]),
                                ("fish/vendor_completions.d/headsweep.fish", ["completion", "fish"])):
            self.assertEqual((share / file).read_text(), self.run_installed(*arguments))
        for file in ("README.md", "CHANGELOG.md", "copyright", "docs/semantics.md", "io/README.md"):
            self.assertTrue((share / "doc" / "headsweep" / file).is_file(), file)

    def test_the_plugin_is_found(self):
        plugins = self.prefix / "lib" / "headsweep"
        self.assertEqual((plugins / "libheadsweep_cuda.so").is_file(), (TREE / "pipeline" / "libheadsweep_cuda.so").is_file())
        plugins.mkdir(parents=True, exist_ok=True)
        emulated = pathlib.Path(os.environ["HEADSWEEP_EMULATED_PLUGINS"]) / "libheadsweep_cuda.so"
        shutil.copy(emulated, plugins / "libheadsweep_cuda.so")
        self.assertNotIn("without CUDA", self.run_installed("version"))

    def test_batch_scripts_find_the_program(self):
        script = self.prefix / "share" / "headsweep" / "slurm" / "cpu.sbatch"
        self.prefix = self.prefix.rename(self.folder / "moved")  # Slurm's answer ends a path at a space
        script = self.folder / "moved" / script.relative_to(self.folder / "then moved")
        tools = self.folder / "tools"
        tools.mkdir()
        for name, line in (("scontrol", f"echo '{TOLD.format(script)}'"), ("srun", 'echo "$@"')):
            self.write(f"tools/{name}", f"#!/bin/sh\n{line}\n").chmod(0o755)
        copied = shutil.copy(script, self.folder / "slurm_script")
        environment = {name: value for name, value in os.environ.items() if name not in ("HEADSWEEP", "HEADSWEEP_HOME")}
        environment |= SLURM | {"SLURM_SUBMIT_DIR": str(self.folder), "PATH": f"{tools}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", copied, "two.yaml"], capture_output=True, text=True, timeout=20, env=environment)
        self.assertEqual(done.returncode, DONE, done.stderr)
        called = pathlib.Path(done.stdout.splitlines()[-1].split()[2])
        self.assertTrue(os.path.samefile(called, self.folder / "moved" / "bin" / "headsweep"), done.stdout)


if __name__ == "__main__":
    main()
