#!/usr/bin/env python3
"""Fails when modules of a crate import each other in a circle.

A module of a crate is a file directly under `src`, or a folder with everything in it. What counts is a path that begins
with `crate::`, `super::` or `self::` in code that ships; modules of tests may look at everything. A parent that
re-exports its children, and a child that names its parent, are one module here: the circles that hurt are those between
modules that a reader takes for layers.

    scripts/check-import-circles.py [crate...]
"""

import re
import sys

from production import ROOT, code

USE = re.compile(r"\b(crate|super)::(\{|\w+)")


def braces(text, start):
    """The names that begin the members of the group opened at `start`."""
    depth, flat = 0, ""
    for letter in text[start:]:
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            break
        if depth == 1 and letter != "{":
            flat += letter
    return set(re.findall(r"(?:^|,)\s*(\w+)", flat))


def modules(src):
    """Module -> its files."""
    found = {}
    for file in src.rglob("*.rs"):
        parts = file.relative_to(src).with_suffix("").parts
        if parts[0] in ("lib", "main") or "tests" in parts or "bin" in parts:
            continue
        found.setdefault(parts[0], []).append((file, len(parts) - (parts[-1] == "mod")))
    return found


def reexports(src):
    """What the crate's root names for its modules: name -> module."""
    named = {}
    for root in (src / "lib.rs", src / "main.rs"):
        text = code(root.read_text()) if root.exists() else ""
        for module, rest in re.findall(r"\buse (?:crate::|self::)?(\w+)::([^;]+);", text):
            if module in ("super", "std"):
                continue
            for original, renamed in re.findall(r"(\w+)(?:\s+as\s+(\w+))?\s*(?=[,}]|$)", rest):
                named[renamed or original] = module
    return named


def imports(known, named, name, files):
    """Modules of the crate that `name` imports, by their own names or through what the root (`named`) names for them."""
    used = {}
    for file, depth in files:
        text = code(file.read_text())
        for found in USE.finditer(text):
            begin, first = found.groups()
            # `super` names another module of the crate only from a module's own root.
            if begin == "super" and depth != 1:
                continue
            firsts = braces(text, found.start(2)) if first == "{" else {first}
            firsts |= {named[first] for first in firsts if first in named}
            for other in firsts & known - {name}:
                used.setdefault(other, file)
    return used


def circles(edges):
    """Strongly connected sets of more than one module."""
    reach = {}
    for start in edges:
        seen, todo = set(), [start]
        while todo:
            for other in edges.get(todo.pop(), {}):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        reach[start] = seen
    sets = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in reach if a in reach[a]}
    return sorted(map(sorted, sets))


def main():
    wanted, failed = sys.argv[1:], False
    for src in sorted(ROOT.glob("crates/*/src")):
        crate = src.parent.name
        if wanted and crate not in wanted:
            continue
        found = modules(src)
        named = reexports(src)
        edges = {name: imports(set(found), named, name, files) for name, files in found.items()}
        for circle in circles(edges):
            failed = True
            print(f"{crate}: {', '.join(circle)} import each other")
            for name in circle:
                for other, file in sorted(edges[name].items()):
                    if other in circle:
                        print(f"    {name} -> {other}  ({file.relative_to(ROOT)})")
    sys.exit(failed)


if __name__ == "__main__":
    main()
