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
    "Event": "in `core` what a spool takes, in `wire` what a bus carries",
    "Principal": "in `api` whoever has an operator's authority, in `lifecycle` whoever has an application's",
    "Decision": "of AuthZEN, as its specification calls it",
    "Resource": "of AuthZEN, as its specification calls it",
    "Subject": "of AuthZEN, as its specification calls it",
    "PolicySource": "the same, evaluated and sent",
    "WhatCan": "one of them, and the page of them that is sent",
    "WhoCan": "one of them, and the page of them that is sent",
    "Retention": "what is kept, and what is said of it",
    "EndReason": "what is recorded, and what is asked",
    # To be told apart.
    "Asked": "of a passkey's ceremony, of a pack of evidence, of a route beside",
    "Credential": "how a route learns who calls, and what a workload is given",
    "Entry": "of the ledger, and of a document of a zone",
    "Kept": "of a block, and of a value that is asked for anew",
    "Manifest": "of a pack, and of a workload",
    "Searched": "an event that a search looks at, and a page of rows that a search found",
    "Registered": "a passkey, and which rows are meant",
    "Usage": "of grants, and of keys",
    "Witness": "the role, and who writes evidence down",
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
