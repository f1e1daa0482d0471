#!/usr/bin/env python3
"""A type that other crates see has one meaning in the workspace.

Fails where a public name is declared in two crates that ship, unless it stands here with why. What only tests, benchmarks and
drills are built from is apart, and so is what no other crate can name.
"""

import collections
import re
import sys

from production import sources

DOUBLES = {
    "Error": "of each crate its own, and named with the crate",
    "Needs": "what the routes of a role declare that a caller needs: the front asks each role for its own",
    "Decision": "of AuthZEN, as its specification calls it",
    "Resource": "of AuthZEN, as its specification calls it",
}
PUBLIC = re.compile(r"^pub (?:struct|enum|trait|type|union) (\w+)", re.M)


def main():
    crates = collections.defaultdict(dict)
    for path, text in sources():
        for name in PUBLIC.findall(text):
            crates[name].setdefault(path.parts[1], path)
    doubles = {name: found for name, found in crates.items() if len(found) > 1}
    wrong = sorted(doubles.keys() - DOUBLES.keys())
    stale = sorted(DOUBLES.keys() - doubles.keys())
    for name in wrong:
        places = ", ".join(map(str, doubles[name].values()))
        print(f"{name} is declared in {places}: give one of them the field's word", file=sys.stderr)
    for name in stale:
        print(f"{name} is no double any more: take it off the list", file=sys.stderr)
    print(f"{len(crates)} public types, {len(doubles)} of them named twice")
    return 1 if wrong or stale else 0


if __name__ == "__main__":
    sys.exit(main())
