#!/usr/bin/env python3
"""No file of production code is longer than 400 lines, up to its `#[cfg(test)]`: what is longer holds two concepts.

Suites of tests (also the conformance suites that crates export) and migrations, which are frozen texts, are apart.
"""

import pathlib
import sys

MOST = 400
APART = ("tests", "conformance", "migrations")


def length(path):
    """Lines before the tests of the module."""
    lines = path.read_text().splitlines()
    ends = [place for place, line in enumerate(lines) if line == "#[cfg(test)]"]
    return ends[-1] if ends else len(lines)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "crates"
    sources = [
        path for path in sorted(root.glob("*/src/**/*.rs"))
        if not any(part.removesuffix(".rs") in APART for part in path.relative_to(root).parts)
    ]
    long = [(length(path), path) for path in sources if length(path) > MOST]
    for lines, path in long:
        print(f"{path.relative_to(root.parent)}: {lines} lines, {MOST} at most: split it by concept", file=sys.stderr)
    print(f"{len(sources)} files, {len(long)} longer than {MOST} lines")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
