#!/usr/bin/env python3
"""The bundle, where nothing is but glibc, a shell and Python: a root folder of its own."""
import json
import os
import pathlib
import re
import shutil
import subprocess

from headsweep_program import SOURCE, ProgramTest, main

TREE = pathlib.Path(os.environ["HEADSWEEP"]).parents[1]
COMMANDS = ["sh", "uname", "dirname", "env", "ls"]
SHELL = "cd /tmp && exec env -i PATH=/usr/bin HOME=/tmp OMP_NUM_THREADS=1 /bundle/gpu-acceptance.sh --device cpu --quick"
MOST_BYTES = 60_000_000
# Large parts of Python's library that nothing here needs.
NOT_NEEDED = shutil.ignore_patterns("test", "tests", "idlelib", "lib2to3", "ensurepip", "dist-packages", "site-packages",
                                    "config-*", "__pycache__", "tkinter")


def libraries(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", listed)


class BundleTest(ProgramTest):
    def make_bundle(self):
        made = subprocess.run([SOURCE / "scripts" / "bundle.sh", TREE, self.folder], capture_output=True, text=True, timeout=100,
                              env=dict(os.environ, HEADSWEEP_BUNDLE_ARCHIVE="0"))
        self.assertEqual(made.returncode, 0, made.stderr)
        (bundle,) = self.folder.glob("headsweep-*")
        return bundle

    def copy_into(self, root, file):
        """With what it links to, under the same name."""
        target = root / str(file).lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(file), target)

    def make_root(self, bundle):
        root = self.folder / "root"
        for folder in ("tmp", "proc", "dev", "usr/bin"):
            (root / folder).mkdir(parents=True)
        python = pathlib.Path("/usr/bin/python3").resolve()
        standard = pathlib.Path(f"/usr/lib/{python.name}")
        programs = [python, *map(shutil.which, COMMANDS)]
        for program in programs:
            shutil.copy(os.path.realpath(program), root / "usr/bin" / pathlib.Path(program).name)
        os.link(root / "usr/bin" / python.name, root / "usr/bin/python3")
        (root / "bin").symlink_to("usr/bin")
        shutil.copytree(standard, root / str(standard).lstrip("/"), ignore=NOT_NEEDED, symlinks=False,
                        ignore_dangling_symlinks=True)
        # Python's own libraries, and of glibc what the program needs: nothing else of this machine.
        found = [each for program in [*programs, *standard.glob("lib-dynload/*.so")] for each in libraries(program)]
        glibc = [each for each in libraries(bundle / "bin" / "headsweep") if not each.startswith(str(self.folder))]
        for file in {*found, *glibc}:
            self.copy_into(root, file)
        self.assertEqual(list(root.rglob("libstdc++*")), [])
        bundle.rename(root / "bundle")
        (root / "dev/null").touch()
        return root

    def run_in(self, root):
        script = (f"mount --bind /dev/null {root}/dev/null && mount -t proc proc {root}/proc && "
                  f"exec chroot {root} /bin/sh -c '{SHELL}'")
        become_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        isolated = ["unshare", "--mount", "--pid", "--fork", *become_root]
        if subprocess.run([*isolated, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no root folder of its own can be had here (unshare is refused)")
        return subprocess.run([*isolated, "sh", "-c", script], capture_output=True, text=True, timeout=300)

    def test_everything_passes_where_nothing_is_installed(self):
        if not pathlib.Path("/usr/bin/python3").exists():
            self.skipTest("no Python of the system's")
        bundle = self.make_bundle()
        readme = (bundle / "README.txt").read_text()
        self.assertIn("x86-64 Linux with glibc 2.", readme)
        self.assertLessEqual(sum(file.lstat().st_size for file in bundle.rglob("*")), MOST_BYTES)
        root = self.make_root(bundle)
        done = self.run_in(root)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads((root / "tmp/acceptance.json").read_text())
        self.assertEqual((result["outcome"], result["device"], result["quick"]), ("ok", "cpu", True))
        steps = {step["name"]: step for step in result["steps"]}
        skipped = {name for name, step in steps.items() if step["outcome"] == "skipped"}
        self.assertEqual(skipped - {"kernels/bf16_product_test"},  # for processors with bfloat16
                         {"CUDA libraries", "scores against the CPU", "scores and time against PyTorch"})
        self.assertEqual(steps["golden searches, auto"]["numbers"]["searches"], 52)
        self.assertGreater(steps["kernels/matmul_test"]["numbers"]["passed"], 0)
        self.assertIn("=== golden searches, auto", (root / "tmp/acceptance.log").read_text())


if __name__ == "__main__":
    main()
