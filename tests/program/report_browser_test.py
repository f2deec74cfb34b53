"""The report in a real browser: in two widths, light and dark, every picture has its data, nothing overflows, nothing fails."""
import json
import os
import shutil
import subprocess
import sys
import unittest

import browser
import headsweep_program
from headsweep_program import DONE, MODELS, ProgramTest, family_file, job
from tried import tried

NASTY = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'> & \" <!--"
PICTURES = """
Object.fromEntries([...document.querySelectorAll(`${selector} figure`)].map((figure) => {
  const marks = [...figure.querySelectorAll("svg [data-of]")];
  return [figure.querySelector("strong").textContent, new Set(marks.map((mark) => mark.dataset.of)).size];
}))"""
# A picture's right end, and a text's, must lie in the window.
OVERFLOW = """
[document.documentElement.scrollWidth - innerWidth,
 Math.max(...[...document.querySelectorAll("svg, svg text, p, dd, h1, summary, figcaption")].map((each) => each.getBoundingClientRect().right)) - innerWidth]"""
# Of the page's text against its background, as WCAG defines it.
CONTRAST = """(() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const contrast = (selector, property) => {
    const ink = light(getComputedStyle(document.querySelector(selector))[property]);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  };
  return [contrast("body", "color"), contrast(".note", "color"), contrast("figure svg text", "fill"), contrast("a", "color"),
    contrast(".cell.kept", "fill")];
})()"""


@unittest.skipIf(browser.PROGRAM is None, "no Chromium is installed (scripts/install_packages.sh --with-tools)")
class ReportBrowserTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        super().setUp()
        prompts = json.loads(family_file("even").read_text())
        prompts["clean"][0]["text"] = f"{NASTY} {prompts['clean'][0]['text']}"
        for each in prompts["clean"] + prompts["corrupted"]:
            each.pop("words", None)
        # A mean needs a corrupted prompt that is as long as the longest clean one.
        prompts["corrupted"][0]["text"] = f"{NASTY} {NASTY} {prompts['corrupted'][0]['text']}"
        self.write("nasty.json", prompts)
        shutil.copy(family_file("even"), self.folder / "even.json")
        self.write("job.yaml", job(MODELS / "tiny-a", {"even": "even.json", "nasty": "nasty.json"}, threshold=3,
                                   allow_nonpositive_baseline=True))
        self.run_program("run", "job.yaml", code=DONE)
        self.shown = self.json_of("show", self.run_file("even"))
        self.run_program("report", "runs/job", "-o", "report.html", code=DONE)
        self.page = (self.folder / "report.html").as_uri()

    def test_the_page_works(self):
        for width in (1280, 420):
            for scheme in ("light", "dark"):
                with self.subTest(width=width, scheme=scheme):
                    self.check_in(width, scheme)
        with self.subTest("sorting"):
            self.check_sorting()
        with self.subTest("nasty texts"):
            self.check_nasty_texts()
        with self.subTest("print"):
            self.check_print()
        with self.subTest("without scripts"):
            self.check_without_scripts()

    def check_in(self, width, scheme):
        self.browser.open(self.page, width, scheme)
        self.assertEqual(self.browser.value("document.querySelectorAll('details.run[open]').length"), 2)
        self.check_pictures()
        scrolls, ends = self.browser.value(OVERFLOW)
        self.assertLessEqual(scrolls, 0)
        self.assertLessEqual(ends, 0.5)
        for contrast in self.browser.value(CONTRAST):
            self.assertGreater(contrast, 4.5)
        self.check_hover()
        self.check_keys()
        if folder := os.environ.get("HEADSWEEP_SCREENSHOTS"):
            self.browser.screenshot(f"{folder}/report-{width}-{scheme}.png")
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual([url for url in self.browser.requests if url != self.page], [])

    def check_pictures(self):
        shown = self.shown
        decisions, prompts = len(shown["decisions"]), len(shown["full"]["per_prompt"])
        removed = sum(each["removed"] for each in shown["decisions"])
        found = self.browser.value(PICTURES.replace("${selector}", "#run-0"))
        for title in ("Kept and removed", "Score without it", "Margin", "The search, decision by decision", "How close the decisions were"):
            self.assertEqual(found.pop(title), decisions, title)
        self.assertEqual(found.pop("Score by size"), removed)
        self.assertEqual(found.pop("Prompt by prompt"), prompts)
        self.assertEqual(list(found.values()), [0], "a table and nothing else is left")
        kept = self.browser.value("document.querySelectorAll('#run-0 figure .cell.kept').length")
        self.assertEqual(kept, len(shown["circuit"]))
        shared = self.browser.value(PICTURES.replace("${selector}", "#overlaps"))
        self.assertEqual(shared, {"Overlap of circuits": 4, "Kept by how many": shown["layers"] * shown["heads"]})

    def check_hover(self):
        self.assertTrue(self.browser.value("document.getElementById('tip').hidden"))
        self.browser.value("document.querySelector('#run-0 .cell.kept').scrollIntoView({block: 'center'})")
        self.browser.settle()  # scrolling hides what is shown
        x, y = self.browser.value("""(() => {
          const box = document.querySelector('#run-0 .cell.kept').getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        })()""")
        self.browser.point_at(1, 1)
        self.browser.point_at(x, y)
        tip = self.browser.value("[tip.hidden, tip.textContent, tip.getBoundingClientRect().right, tip.getBoundingClientRect().left]")
        self.assertFalse(tip[0])
        self.assertRegex(tip[1], r"layer \d+, head \d+: kept\nscore without it .* %\nmargin \+[\d.]+ points")
        self.assertLessEqual(tip[2], self.browser.value("innerWidth"))
        self.assertGreaterEqual(tip[3], 0)
        lit = self.browser.value("document.querySelectorAll('#run-0 .lit').length")
        self.assertEqual(lit, 5, "the head's marks in all pictures but the one of removals")

    def check_keys(self):
        self.browser.value("document.querySelectorAll('#run-0 svg[tabindex]')[1].focus()")
        texts = []
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
            self.browser.press(key)
            texts.append(self.browser.value("tip.hidden ? null : tip.textContent.split(':')[0]"))
        last = self.shown["layers"] - 1
        self.assertEqual(texts, [f"layer {last}, head 0", f"layer {last}, head 1", f"layer {last - 1}, head 1", f"layer {last - 1}, head 0"])
        self.browser.press("Escape")
        self.assertTrue(self.browser.value("tip.hidden"))
        self.browser.value("document.activeElement.blur()")

    def check_sorting(self):
        column = "[...document.querySelectorAll('#runs th')].findIndex((each) => each.textContent === 'score %')"
        read = f"[...document.querySelectorAll('#runs tbody tr')].map((row) => row.children[{column}].textContent.replace('\\u2212', '-'))"
        click = f"document.querySelectorAll('#runs th button')[{column}].click()"
        self.browser.value(click)
        scores = [float(text) for text in self.browser.value(read)]
        self.assertEqual(scores, sorted(scores))
        self.assertEqual(len(set(scores)), 2, "equal scores would show nothing")
        self.browser.value(click)
        self.assertEqual([float(text) for text in self.browser.value(read)], scores[::-1])
        self.assertEqual(self.browser.value("document.querySelectorAll('#runs th[aria-sort]').length"), 1)

    def check_nasty_texts(self):
        self.browser.value("for (const details of document.querySelectorAll('details')) details.open = true")
        self.browser.settle()
        self.browser.value("for (const details of document.querySelectorAll('details')) details.open = true")
        self.browser.settle()
        self.assertTrue(self.browser.value(f"document.querySelector('#run-1').textContent.includes({json.dumps(NASTY)})"))
        self.assertEqual(self.browser.value("[typeof broken, document.images.length]"), ["undefined", 0])
        scrolls, ends = self.browser.value(OVERFLOW)
        self.assertLessEqual(max(scrolls, ends), 0.5, "the tables scroll by themselves")

    def check_print(self):
        pages = self.browser.call("Page.printToPDF", printBackground=True)["data"]
        self.assertGreater(len(pages), 20000)

    def check_without_scripts(self):
        self.browser.open(self.page, 1280, "light", scripts=False)
        text = self.browser.value("document.querySelector('noscript').innerText")
        self.assertIn("need JavaScript", text)
        self.assertRegex(text, r"even\.file\.T3\s+even\s+file\s+3\s+complete\s+\d+ of \d+")
        self.assertIn("nasty.file.T3", text)


@unittest.skipIf(browser.PROGRAM is None, "no Chromium is installed (scripts/install_packages.sh --with-tools)")
class AnalysesInTheBrowserTest(ProgramTest):
    """Of made-up runs (made_up_runs.cpp): one over heads and MLPs with every analysis and 20 resamples, one at two positions, one whose
    analysis is of another run; and their comparison."""

    def test_the_page_works(self):
        subprocess.run([os.environ["HEADSWEEP_MADE_UP_RUNS"], self.folder / "runs"], check=True)
        self.run_program("report", "runs", "-o", "report.html", code=DONE)
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)
        for width, scheme in ((1280, "light"), (420, "dark")):
            with self.subTest(width=width, scheme=scheme):
                self.check_in(width, scheme)
        with self.subTest("print"):
            self.assertGreater(len(self.browser.call("Page.printToPDF", printBackground=True)["data"]), 50000)

    def check_in(self, width, scheme):
        self.browser.open((self.folder / "report.html").as_uri(), width, scheme)
        self.check_pictures()
        self.check_resamples()
        self.check_what_is_said_of_a_head()
        scrolls, ends = self.browser.value(OVERFLOW)
        self.assertLessEqual(max(scrolls, ends), 0.5)
        if folder := os.environ.get("HEADSWEEP_SCREENSHOTS"):
            self.browser.screenshot(f"{folder}/analyses-{width}-{scheme}.png")
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual(len(self.browser.requests), 1)

    def check_pictures(self):
        whole, by_position, other = (self.browser.value(PICTURES.replace("${selector}", f"#run-{run}")) for run in range(3))
        kept = self.browser.value("report.runs.map((run) => run.result.kept.length)")
        self.assertEqual([whole[title] for title in ("Lost without it", "Gained by it alone")], [12 * 13] * 2)
        self.assertEqual([by_position[title] for title in ("Lost without it at S1", "Gained by it alone at end")], [12 * 12] * 2)
        for pictures, components in ((whole, kept[0]), (by_position, kept[1])):
            self.assertEqual(pictures["Minimality"], components)
            self.assertEqual(pictures["Completeness"], 22, "of nothing, and of 21 subsets")
            self.assertEqual(pictures["Faithfulness by size"], 10)
        self.assertNotIn("Minimality", other)
        self.assertRegex(self.browser.value("document.querySelector('#run-2 .problem').textContent"), "is not shown: .*is about another run")
        shared = self.browser.value(PICTURES.replace("${selector}", "#transfer"))
        self.assertEqual(shared, {"Score of each circuit on each family": 7})
        own = self.browser.value("[...document.querySelectorAll('#transfer .outlined')].map((each) => each.dataset.of)")
        self.assertEqual(own, ["t0-0", "t1-1", "t2-2"])

    def check_resamples(self):
        rows = self.browser.value("[...document.querySelectorAll('#runs tbody tr')].map((row) => row.innerText)")
        self.assertEqual(len(rows), 4, "20 resamples are one line")
        self.assertRegex(rows[1].replace("\n", " "), r"^even-step2,\s+resampled\s+3\s+19\s+resamples,\s+1\s+more\s+not\s+finished")
        self.assertEqual(self.browser.value("document.querySelectorAll('.gallery a').length"), 3)
        self.assertEqual(list(self.browser.value(PICTURES.replace("${selector}", "#resamples")).values()), [12 * 13])
        outlined = self.browser.value("document.querySelectorAll('#resamples .outlined').length")
        self.assertEqual(outlined, self.browser.value("report.runs[0].result.kept.length"))

    def check_what_is_said_of_a_head(self):
        """Marks of a head in all pictures of its run light up together, the bar of minimality, too, and one text says all."""
        self.browser.value("document.querySelector('#run-0 .bar').scrollIntoView({block: 'center'})")
        self.browser.settle()
        x, y = self.browser.value("""(() => {
          const box = document.querySelector('#run-0 .bar').getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        })()""")
        self.browser.point_at(1, 1)
        self.browser.point_at(x, y)
        number = r"[\d.\u2212+e]+"
        self.assertRegex(self.browser.value("tip.textContent"), rf"(?s)^(layer|MLP).*: kept\nscore without it .*knocked out of the full model: {number} points\n"
                         rf"kept alone: {number} % \(nothing: \u221217.50 %\)\nmatters {number} points to the circuit without  \S")
        self.assertEqual(self.browser.value("document.querySelectorAll('#run-0 .lit').length"), 8)
        self.browser.value("document.querySelector('#run-0 svg[aria-label=Completeness]').focus()")
        self.browser.press("ArrowRight")
        self.assertRegex(self.browser.value("tip.textContent"), r"^removed: nothing\nfull model 2.500 \(100.0 %\)\ncircuit")
        self.browser.value("document.activeElement.blur()")


@unittest.skipIf(browser.PROGRAM is None, "no Chromium is installed (scripts/install_packages.sh --with-tools)")
class HostileTextsInTheBrowserTest(ProgramTest):
    """A run file of which every text is markup, as one from a stranger might be."""

    def test_are_shown_as_texts_and_do_nothing(self):
        subprocess.run([os.environ["HEADSWEEP_MADE_UP_RUNS"], self.folder / "runs", "hostile"], check=True)
        self.run_program("report", "runs", "-o", "report.html", code=DONE)
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)
        page = (self.folder / "report.html").as_uri()
        for scripts in (True, False):
            with self.subTest(scripts=scripts):
                self.browser.open(page, 1280, "light", scripts=scripts)
                if scripts:
                    self.open_all()
                self.check_nothing_ran()
                self.assertEqual(self.browser.complaints, [])
                self.assertEqual([url for url in self.browser.requests if url != page], [])
        self.browser.open(page, 1280, "light")
        self.check_marks()
        with self.subTest("a script that got in"):
            self.check_the_policy()
        tried("input", "a run file with <script>, </script>, event handlers, & and quotes in every text, its report in Chromium",
              "all shown as texts; no script ran, no element was made of them, nothing was loaded")

    def check_nothing_ran(self):
        self.assertEqual(self.browser.value("typeof window.owned"), "undefined")
        self.assertEqual(self.browser.value("[document.images.length, document.querySelectorAll('[onload], [onerror], [onfocus]').length,"
                                            " document.scripts.length]"), [0, 0, 2])
        self.assertTrue(self.browser.value("document.title.includes('2 runs')"))

    def open_all(self):
        for _ in range(2):  # some are drawn when they are opened
            self.browser.value("for (const details of document.querySelectorAll('details')) details.open = true")
            self.browser.settle()

    def check_marks(self):
        self.open_all()
        text = self.browser.value("document.body.textContent")
        for what in ("family", "corruption", "identity", "its value", "model_path", "device", "prompt_warnings", "provenance",
                     "job", "text", "answer", "position", "provenance of the analysis", "reason", "compared family"):
            self.assertIn(f"{what}</script><script>window.owned = '{what}'</script>", text)

    def check_the_policy(self):
        """Should a text ever become an element, the page's policy still keeps it from running."""
        self.browser.value("""(() => {
          const script = document.createElement("script");
          script.textContent = "window.owned = 'policy'";
          document.body.append(script);
        })()""")
        self.assertEqual(self.browser.value("typeof window.owned"), "undefined")


if __name__ == "__main__":
    if browser.PROGRAM is None and os.environ.get("HEADSWEEP_REQUIRE_TOOLS") == "1":
        sys.exit("no Chromium is installed, and HEADSWEEP_REQUIRE_TOOLS=1 requires it")
    headsweep_program.main()
