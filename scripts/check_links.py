#!/usr/bin/env python3
"""Dead references in the Markdown files: check_links.py ROOT [--external].

Links lead to files of the repository and to headings that are there; paths in backticks that look like files or folders of it
exist. Links to other sites are looked at for their form only, and listed with --external: nothing is fetched."""
import pathlib
import re
import subprocess
import sys
import urllib.parse

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
CODE = re.compile(r"(`+)(.+?)\1")
# A path from the root, if its first folder is one of the repository's.
PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.{},-]+)+/?")
PLACE_HOLDER = re.compile(r"\.\.\.|/x(?:_test)?\.\w+$")  # kernels/cpu/x.cpp
# Where users put things of their own, and what builds and runs make.
NOT_OURS = ("build/", "runs/", "models/", "families/", "bin/", "lib/")
SUFFIXES = (".h", ".cpp", ".cu", ".cuh", ".inc", ".py")


def markdown_files(root):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    if listed.returncode == 0 and listed.stdout:
        return [root / file for file in listed.stdout.splitlines() if (root / file).exists()]
    return [path for path in sorted(root.rglob("*.md")) if path.relative_to(root).parts[0] != "build"]


def prose(text):
    """(number, line) outside of code blocks, comments left out; of a code block's lines nothing is left."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (fence is None or line.strip().startswith(fence)):
            fence = mark.group(1) if fence is None else None
            yield number, ""
        else:
            yield number, re.sub(r"<!--.*?-->", "", line) if fence is None else ""


def links(text):
    """(number, target): a link's text may go over line ends, but not out of its paragraph."""
    paragraph, begin = "", 1
    for number, line in [*prose(text), (0, "")]:
        if line.strip():
            begin = begin if paragraph else number
            paragraph += CODE.sub("`", line) + "\n"
        else:
            for link in LINK.finditer(paragraph):
                yield begin + paragraph.count("\n", 0, link.start()), link.group(1)
            paragraph = ""


def slug(heading):
    """As GitHub makes anchors: lower case, without marks and punctuation, a hyphen for each space."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    text = re.sub(r"(?<!\w)[*_]+|[*_]+(?!\w)", "", text)
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def anchors(path, known={}):
    if path not in known:
        found, seen = set(), {}
        text = path.read_text(encoding="utf-8")
        for _, line in prose(text):
            heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
            if heading:
                name = slug(heading.group(1))
                found.add(f"{name}-{seen[name]}" if name in seen else name)
                seen[name] = seen.get(name, 0) + 1
        known[path] = found | set(re.findall(r'<a (?:name|id)="([^"]+)"', text))
    return known[path]


def problem_of_link(root, page, target, external):
    parts = urllib.parse.urlsplit(target)
    if parts.scheme or target.startswith("//"):
        external.add(target)
        good = parts.scheme in ("https", "http", "mailto") and (parts.netloc or parts.scheme == "mailto")
        return "" if good else "is no address"
    if target.startswith("/") or not target:
        return "is absolute: links are relative to their page" if target else "is empty"
    path = page if not parts.path else (page.parent / urllib.parse.unquote(parts.path)).resolve()
    if root != path and root not in path.parents:
        return "leads out of the repository"
    if not path.exists():
        return "leads nowhere"
    if parts.fragment and (path.suffix != ".md" or parts.fragment not in anchors(path)):
        return f"there is no heading #{parts.fragment}"
    return ""


def alternatives(path):
    """`a/{b,c}.h` is two paths."""
    braces = re.search(r"\{([^{}]*)\}", path)
    if not braces:
        return [path]
    return [path[:braces.start()] + each + path[braces.end():] for each in braces.group(1).split(",")]


def made_by_patch(page):
    """The files that the worked example of a page makes anew (scripts/examples.py)."""
    patch = page.with_suffix(".patch")
    return re.findall(r"^--- /dev/null\n\+\+\+ b/(\S+)", patch.read_text(encoding="utf-8"), re.M) if patch.exists() else []


def exists(root, page, path):
    """As a file, a folder, the stem of sources (`kernels/cpu/attention`), or a test or class of tests (`io/job_test`)."""
    for base in (root, page.parent, root / "tests"):
        file = base / path
        if file.exists() or (file.parent.is_dir() and any((file.parent / f"{file.name}{suffix}").exists() for suffix in SUFFIXES)):
            return True
    return False


def problems_of(root, page, external):
    folders = {entry.name for base in (root, root / "tests") for entry in base.iterdir() if entry.is_dir() and entry.name != ".git"}
    text = page.read_text(encoding="utf-8")
    for number, target in links(text):
        if problem := problem_of_link(root, page, target, external):
            yield number, f"{target}: {problem}"
    for number, line in prose(text):
        for _, code in CODE.findall(line):
            if not PATH.fullmatch(code) or PLACE_HOLDER.search(code) or code.startswith(NOT_OURS) or code.split("/")[0] not in folders:
                continue
            for path in alternatives(code):
                if path not in made_by_patch(page) and not exists(root, page, path):
                    yield number, f"`{path}`: there is no such file"


def main(root, list_external):
    external, problems, files = set(), 0, markdown_files(root)
    for page in files:
        for number, problem in problems_of(root, page, external):
            print(f"{page.relative_to(root)}:{number}: {problem}")
            problems += 1
    if list_external:
        print("\n".join(sorted(external)))
    if problems:
        sys.exit(f"links: {problems} dead in {len(files)} files")
    print(f"links: none dead in {len(files)} files")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--external"]):
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), bool(sys.argv[2:]))
