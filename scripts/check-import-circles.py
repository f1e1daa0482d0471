#!/usr/bin/env python3
"""Fails when modules that stand side by side import each other in a circle, at any depth of a crate.

At each level, what stands side by side are the modules of one folder: its files, and its subfolders with everything in them.
What counts is each path of the code that ships, by whatever way it names a module (`crate::`, `super::`, `self::`, a parent
that re-exports it); modules of tests may look at everything. A parent that re-exports its children, and a child that names
its parent, are one module here: the circles that hurt are those between modules that a reader takes for layers.

    scripts/check-import-circles.py [crate...]
"""

import re
import sys

from production import ROOT, code

USE = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"\b(?:crate|super|self)(?:\s*::\s*\w+)+")
TOKEN = re.compile(r"::|[{},*]|\w+")
ROOTS = ("lib", "main")


def members(tree):
    """The paths of a `use` tree, each with the name that it gets here: ([segments], name)."""
    tokens = TOKEN.findall(tree)
    at = 0

    def group(before):
        nonlocal at
        path, renamed = list(before), None
        while at < len(tokens) and tokens[at] not in (",", "}"):
            token = tokens[at]
            at += 1
            if token == "{":
                while tokens[at] != "}":
                    yield from group(path)
                    at += tokens[at] == ","
                at += 1
                return
            if token == "as":
                renamed = tokens[at]
                at += 1
            elif token != "::":
                path.append(token)
        # `self` at the end of a path names what it stands in.
        path = path[:-1] if len(path) > 1 and path[-1] == "self" else path
        if path:
            yield path, renamed or path[-1]

    return list(group([]))


class Crate:
    """The modules of a crate, each by its path from the root, and what each names."""

    def __init__(self, src):
        self.files, self.names, self.paths = {}, {}, {}
        for file in sorted(src.rglob("*.rs")):
            parts = file.relative_to(src).with_suffix("").parts
            if "tests" in parts or "bin" in parts:
                continue
            module = () if parts[0] in ROOTS else parts[: len(parts) - (parts[-1] == "mod")]
            text = code(file.read_text())
            uses = [member for tree in USE.findall(text) for member in members(tree)]
            self.files[module] = file
            self.names.setdefault(module, {}).update({name: path for path, name in uses})
            spelled = [re.split(r"\s*::\s*", found) for found in PATH.findall(USE.sub("", text))]
            self.paths.setdefault(module, []).extend([path for path, _ in uses] + spelled)

    def absolute(self, module, path):
        """`path`, as written in `module`, from the root of the crate; nothing where it names another crate."""
        first, rest = path[0], path[1:]
        if first == "crate":
            return rest
        if first == "self":
            return [*module, *rest]
        if first == "super":
            return self.absolute(module[:-1], rest if rest[:1] == ["super"] else ["self", *rest])
        return [*module, *path] if (*module, first) in self.files else None

    def reached(self, module, path, depth=0):
        """The modules that `path`, as written in `module`, leads to: where it ends, and where a re-export leads on."""
        rest = self.absolute(module, path)
        if rest is None or depth > 8:
            return
        here = ()
        while rest and (*here, rest[0]) in self.files:
            here, rest = (*here, rest[0]), rest[1:]
        yield here
        named = self.names.get(here, {}).get(rest[0]) if rest else None
        # What a file takes for itself and then uses is no way on from it.
        if named and here != module:
            yield from self.reached(here, named, depth + 1)

    def edges(self):
        """Folder -> module in it -> modules beside it that it imports, each with a file that does."""
        found = {}
        for module, paths in self.paths.items():
            for path in paths:
                for other in self.reached(module, path):
                    shared = 0
                    while module[shared : shared + 1] == other[shared : shared + 1] != ():
                        shared += 1
                    if shared < min(len(module), len(other)):
                        beside = found.setdefault(module[:shared], {}).setdefault(module[shared], {})
                        beside.setdefault(other[shared], self.files[module])
        return found


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
        for folder, edges in sorted(Crate(src).edges().items()):
            for circle in circles(edges):
                failed = True
                print(f"{'/'.join((crate, *folder))}: {', '.join(circle)} import each other")
                for name in circle:
                    for other, file in sorted(edges[name].items()):
                        if other in circle:
                            print(f"    {name} -> {other}  ({file.relative_to(ROOT)})")
    sys.exit(failed)


if __name__ == "__main__":
    main()
