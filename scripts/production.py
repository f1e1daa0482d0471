"""The code that ships, for what checks it: every source of a crate up to its tests, without suites that test others."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = re.compile(r"#\[cfg\((?:test|any\(test[^\]]*)\)\]\s*(?:pub(?:\([a-z]+\))?\s+)?mod \w+ \{.*", re.S)
COMMENT = re.compile(r"//[^\n]*")
# Crates and folders that only tests, benchmarks and drills are built from.
APART = ("testkit", "e2e", "bench", "tests", "conformance")


def code(text):
    """`text` without the tests at its end and without comments; lines stay where they are."""
    return COMMENT.sub("", TESTS.sub("", text))


def sources():
    """(path from the root, code) of everything that ships."""
    for path in sorted(ROOT.glob("crates/*/src/**/*.rs")):
        parts = path.relative_to(ROOT / "crates").with_suffix("").parts
        if not any(part in APART for part in parts):
            yield path.relative_to(ROOT), code(path.read_text())
