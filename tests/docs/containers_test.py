"""The recipes of containers/, as far as they can be tried without Docker, Apptainer and a network: both do the same, take files
that are there, and name all that the program is linked to."""
import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["HEADSWEEP_SOURCE"])
DOCKERFILE = (SOURCE / "containers" / "Dockerfile").read_text()
DEFINITION = (SOURCE / "containers" / "headsweep.def").read_text()


def docker_commands():
    """Of each stage."""
    return [re.findall(r"^RUN (.*)$", stage, re.M) for stage in re.split(r"^FROM .*$", DOCKERFILE, flags=re.M)[1:]]


def apptainer_sections(name):
    """The lines of a section, of each stage."""
    found = re.findall(rf"^%{name}.*\n((?:    .*\n|\n)*)", DEFINITION, re.M)
    return [[line.strip() for line in section.splitlines() if line.strip()] for section in found]


class Containers(unittest.TestCase):
    def test_both_recipes_run_the_same_commands_on_the_same_system(self):
        build, final = apptainer_sections("post")
        self.assertEqual(build[0], "cd /src")
        self.assertEqual([build[1:], final], docker_commands())
        systems = re.findall(r"^(?:FROM|From:) (\S+)", DOCKERFILE + DEFINITION, re.M)
        self.assertEqual(len(systems), 4)
        self.assertEqual(len(set(systems)), 1)

    def test_scripts_that_they_run_are_there(self):
        scripts = re.findall(r"\bscripts/\S+", DOCKERFILE)
        self.assertGreaterEqual(len(scripts), 2)
        for script in scripts:
            self.assertTrue(os.access(SOURCE / script, os.X_OK), script)

    def test_apptainer_takes_what_is_built_from(self):
        taken = [line.split()[0] for line in apptainer_sections("files")[0]]
        for name in taken:
            self.assertTrue((SOURCE / name).exists() or name == ".git", name)
        folders = set(re.findall(r"^add_subdirectory\((\w+)\)", (SOURCE / "CMakeLists.txt").read_text(), re.M))
        self.assertLessEqual(folders, set(taken))

    def test_the_second_stage_gets_the_packages_of_all_libraries(self):
        script = SOURCE / "scripts" / "runtime_packages.sh"
        done = subprocess.run([script, os.environ["HEADSWEEP"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "of no package" in done.stderr or "there is no" in done.stderr:  # a library that somebody has built here
            self.skipTest(done.stderr)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        packages = done.stdout.split()
        for start in ["libhdf5-", "libyaml-cpp", "libfmt", "libc6"] + (["openmpi-bin"] if os.environ["HEADSWEEP_MPI"] == "1" else []):
            self.assertTrue(any(package.startswith(start) for package in packages), (start, packages))
        self.assertNotIn("build-essential", packages)


if __name__ == "__main__":
    unittest.main()
