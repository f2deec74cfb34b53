"""Whether scripts/check_links.py finds what it is for, and lets pass what is right."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(os.environ["HEADSWEEP_SOURCE"]) / "scripts" / "check_links.py"

OTHER = """# The other page
## Words, and `code` in [a link](page.md)!
## Twice
## Twice
```sh
# not a heading
```
"""


def check(page):
    """(exit code, what is said of a page beside other.md, io/job.h and tests/io/job_test.cpp)."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for folder in ("docs", "io", "tests/io"):
            (root / folder).mkdir(parents=True)
        (root / "io" / "job.h").touch()
        (root / "tests" / "io" / "job_test.cpp").touch()
        (root / "docs" / "other.md").write_text(OTHER)
        (root / "docs" / "page.md").write_text(page)
        done = subprocess.run([sys.executable, CHECKER, root], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


class CheckLinks(unittest.TestCase):
    def passes(self, page):
        code, said = check(page)
        self.assertEqual((code, said), (0, said), page)

    def finds(self, page, problem):
        code, said = check(page)
        self.assertNotEqual(code, 0, page)
        self.assertIn(problem, said)

    def test_links_to_files_and_headings_that_are_there_pass(self):
        self.passes("[a](other.md) [b](other.md#the-other-page) [c](../io/job.h) [`d`](other.md) [e](#here)\n# Here\n")
        self.passes("[a](other.md#words-and-code-in-a-link) [b](other.md#twice) [c](other.md#twice-1) ![d](../io/job.h)\n")

    def test_a_file_that_is_not_there(self):
        self.finds("text\n[a](missing.md)\n", "docs/page.md:2: missing.md: leads nowhere")
        self.finds("text\n\nmore [a\nb `c`](missing.md)\n", "docs/page.md:3: missing.md: leads nowhere")

    def test_a_heading_that_is_not_there(self):
        self.finds("[a](other.md#nothing)\n", "there is no heading #nothing")
        self.finds("[a](other.md#not-a-heading)\n", "there is no heading #not-a-heading")
        self.finds("[a](#nothing)\n", "there is no heading #nothing")

    def test_links_out_of_the_repository(self):
        self.finds("[a](/etc/passwd)\n", "is absolute")
        self.finds("[a](../../elsewhere.md)\n", "leads out of the repository")

    def test_other_sites_are_looked_at_for_their_form(self):
        self.passes("[a](https://example.org/a_(b)#c)\n")
        self.finds("[a](https://)\n", "is no address")

    def test_paths_in_backticks(self):
        self.passes("`io/job.h` `io/job` `io/job_test` `tests/io/job_test.cpp` `io/` `io/{job,job}.h` `runs/a.h5` `a/b` `io/x.cpp`\n")
        self.finds("`io/jobs.h`\n", "`io/jobs.h`: there is no such file")
        self.finds("`io/{job,jobs}.h`\n", "`io/jobs.h`: there is no such file")

    def test_code_blocks_and_comments_are_left_alone(self):
        self.passes("```md\n[a](missing.md) `io/jobs.h`\n```\n<!-- [a](missing.md) -->\n`[a](missing.md)`\n")


if __name__ == "__main__":
    unittest.main()
