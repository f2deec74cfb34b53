#!/usr/bin/env python3
"""What the program says of itself: `--version`, `version`, and that the version is written down in one place."""
import os
import re

from headsweep_program import DONE, SOURCE, ProgramTest, main

ALWAYS = ["CLI11", "fmt", "HDF5", "nlohmann_json", "OpenSSL", "yaml-cpp", "oneDNN", "OpenMP", "PCRE2", "utf8proc"]
CUDA = ["CUDA", "cuBLASLt", "cuDNN", "NCCL"]
FOLDERS = ["cmake", "docs", "io", "jobs", "kernels", "model", "pipeline", "scripts", "slurm"]


def project_version():
    return re.search(r"project\(headsweep VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)


class VersionTest(ProgramTest):
    def program(self):
        return self.run_program("--version", code=DONE).stdout.strip()

    def test_json_says_what_the_program_is(self):
        found = self.json_of("version")
        program = self.program()
        self.assertEqual(found["program"], program)
        self.assertEqual(found["version"], project_version())
        self.assertEqual(program, found["version"] + ("" if found["commit"] is None else f"+g{found['commit']}"))
        self.assertRegex(found["compiler"], r"^(GNU|Clang) \d+")
        self.assertTrue(found["build_type"])

    def test_every_library_has_a_version(self):
        libraries = self.json_of("version")["libraries"]
        self.assertEqual(set(libraries), {*ALWAYS, *CUDA, "MPI", "CUDA driver"})
        for name in ALWAYS:
            self.assertRegex(libraries[name], r"^\d", name)
        if os.environ.get("HEADSWEEP_MPI") == "1":
            self.assertRegex(libraries["MPI"], r"\d+\.\d+")
        else:
            self.assertIsNone(libraries["MPI"])

    def test_cudas_libraries_are_those_of_the_plugin(self):
        os.environ["HEADSWEEP_PLUGINS"] = os.environ["HEADSWEEP_EMULATED_PLUGINS"]
        self.addCleanup(os.environ.pop, "HEADSWEEP_PLUGINS")
        found = self.json_of("version")
        self.assertIsNone(found["without_cuda"])
        for name in CUDA:
            self.assertRegex(found["libraries"][name], r"^\d+\.\d+", name)

    def test_without_a_plugin_it_says_why(self):
        os.environ["HEADSWEEP_PLUGINS"] = "/nowhere"
        self.addCleanup(os.environ.pop, "HEADSWEEP_PLUGINS")
        found = self.json_of("version")
        self.assertIn("/nowhere", found["without_cuda"])
        self.assertEqual({found["libraries"][name] for name in CUDA}, {None})

    def test_text_has_the_same(self):
        lines = self.run_program("version", code=DONE).stdout.splitlines()
        self.assertTrue(lines[0].startswith(f"headsweep {self.program()}, "), lines[0])
        shown = dict(line.split(maxsplit=1) for line in lines[1:] if line.startswith("  ") and "CUDA driver" not in line)
        for name, version in self.json_of("version")["libraries"].items():
            if name != "CUDA driver":
                self.assertEqual(shown[name], version or "none")

    def test_the_version_is_written_in_one_place(self):
        version = project_version()
        files = [*SOURCE.glob("*.md"), *SOURCE.glob("Makefile"), *SOURCE.glob(".ci/*"),
                 *(file for folder in FOLDERS for file in (SOURCE / folder).rglob("*"))]
        texts = [file for file in files if file.is_file() and file.suffix not in (".safetensors", ".json", ".csv", ".pyc")]
        spelt = {str(file.relative_to(SOURCE)) for file in texts if version in file.read_text(errors="replace")}
        self.assertEqual(spelt - {"CHANGELOG.md"}, set(), "spells the version that CMakeLists.txt has")


if __name__ == "__main__":
    main()
