#!/usr/bin/env python3
"""Fails when a page of the documentation links to a file or a heading that is not there, or no contents list has it.

Looks at the pages below `docs` and at the Markdown files of the root. What is not looked at: addresses on the web.

    scripts/check-doc-links.py
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "docs" / "src"
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INCLUDE = re.compile(r"\{\{#include ([^}\s]+)\}\}")
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)


def anchors(page):
    """The names under which mdbook and forges offer the headings of a page."""
    names, text = set(), FENCE.sub("", page.read_text())
    for heading in HEADING.findall(text):
        name = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        count = 0
        while (f"{name}-{count}" if count else name) in names:
            count += 1
        names.add(f"{name}-{count}" if count else name)
    return names


def faults(page):
    text = FENCE.sub("", page.read_text())
    for target in INCLUDE.findall(text):
        if not (page.parent / target).is_file():
            yield f"includes {target}, which is not there"
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists():
            yield f"links to {target}, which is not there"
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked):
            yield f"links to {target}, and {linked.name} has no such heading"


def main():
    pages = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    found = [f"{page.relative_to(ROOT)} {fault}" for page in pages for fault in faults(page)]
    listed = {(HANDBOOK / target).resolve() for target in LINK.findall((HANDBOOK / "SUMMARY.md").read_text())}
    found += [
        f"{page.relative_to(ROOT)} is not in SUMMARY.md"
        for page in pages
        if HANDBOOK in page.parents and page.name != "SUMMARY.md" and page not in listed
    ]
    included = INCLUDE.findall((HANDBOOK / "decisions.md").read_text())
    found += [
        f"{record.relative_to(ROOT)} is not in decisions.md"
        for record in sorted(ROOT.glob("docs/decisions/*.md"))
        if f"../decisions/{record.name}" not in included
    ]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
