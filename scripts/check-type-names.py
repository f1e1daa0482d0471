#!/usr/bin/env python3
"""A public type has one meaning in the workspace.

Fails where a public name is declared in two places that ship, unless it stands here with why. What only tests, benchmarks and
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
    "Action": "of AuthZEN, as its specification calls it",
    "Resource": "of AuthZEN, as its specification calls it",
}
PUBLIC = re.compile(r"^pub (?:struct|enum|trait|type|union) (\w+)", re.M)
# Enums of words: `words!(Name { Variant = "word", … })`.
WORDS = re.compile(r"^(?:\w+::)*words!\(\s*(?:(?:///.*|#\[.*\])\s*)*(\w+) \{", re.M)


def main():
    places = collections.defaultdict(list)
    for path, text in sources():
        for name in PUBLIC.findall(text) + WORDS.findall(text):
            places[name].append(path)
    doubles = {name: found for name, found in places.items() if len(found) > 1}
    wrong = sorted(doubles.keys() - DOUBLES.keys())
    stale = sorted(DOUBLES.keys() - doubles.keys())
    for name in wrong:
        where = ", ".join(map(str, doubles[name]))
        print(f"{name} is declared in {where}: give one of them the field's word", file=sys.stderr)
    for name in stale:
        print(f"{name} is no double any more: take it off the list", file=sys.stderr)
    print(f"{len(places)} public types, {len(doubles)} of them named twice")
    return 1 if wrong or stale else 0


if __name__ == "__main__":
    sys.exit(main())
