"""Whether scripts/examples.py sees that a page and its patch, or a patch and the sources, do not go together."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(os.environ["HEADSWEEP_SOURCE"]) / "scripts" / "examples.py"
PATCH = """--- a/io/job.h
+++ b/io/job.h
@@ -1,2 +1,2 @@
 first
-second
+third
--- /dev/null
+++ b/io/new.h
@@ -0,0 +1 @@
+new
"""


def apply(page, source="first\nsecond\n"):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "docs" / "extending").mkdir(parents=True)
        (root / "io").mkdir()
        (root / "io" / "job.h").write_text(source)
        (root / "docs" / "extending" / "a.md").write_text(page)
        (root / "docs" / "extending" / "a.patch").write_text(PATCH)
        done = subprocess.run([sys.executable, SCRIPT, "apply", root], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


class Examples(unittest.TestCase):
    page = "# A\n\n## Files\n\n| file | why |\n|---|---|\n| `io/job.h` | x |\n| `io/new.h` | y |\n\n## More\n"

    def test_a_page_that_names_what_its_patch_touches_passes(self):
        self.assertEqual(apply(self.page), (0, "examples: 1 patches can be applied\n"))

    def test_a_patch_that_touches_more_or_less_than_its_page_says(self):
        for page in (self.page.replace("| `io/new.h` | y |\n", ""), self.page.replace("## More", "| `io/other.h` | z |\n"), "# A\n"):
            code, said = apply(page)
            self.assertEqual(code, 1, said)
            self.assertIn("but its patch touches ['io/job.h', 'io/new.h']", said)

    def test_a_patch_that_the_sources_have_left_behind(self):
        code, said = apply(self.page, "first\nanother\n")
        self.assertEqual(code, 1)
        self.assertIn("io/job.h: patch does not apply", said)


if __name__ == "__main__":
    unittest.main()
