#!/usr/bin/env python3
"""What is answered has a type, and its codes are members of closed lists.

Fails where code that ships builds JSON with `json!`, or writes an error code or a reason as text, outside the places that
are named here, each with why.
"""

import re
import sys

from production import ROOT, sources

# Where documents without a type of their own are made.
OPEN_DOCUMENTS = {
    "crates/api/src/control/document/mod.rs": "a JSON Schema",
    "crates/api/src/routes/audit/explain.rs": "an input document of policy, of an event that has none",
    "crates/authz/src/generated.rs": "policies that properties are tried on",
    "crates/authz/src/input.rs": "the input document of policy",
    "crates/authz/src/remedy/asker.rs": "data documents of policy",
    "crates/authz/src/remedy/case.rs": "data documents of policy",
    "crates/authz/src/usage/tight.rs": "data documents of policy",
}

# Where words that `wire` has too are declared, or are something else.
OWN_WORDS = {
    "crates/authz/src/decide.rs": "the closed list of reasons of policy",
    "crates/authz/src/narrow/constraints.rs": "below `wire`; the Coordinator reads it as an `ErrorCode`",
    "crates/authz/src/remedy/gates.rs": "a closed list, tried against those of `wire`",
    "crates/authz/src/snapshot.rs": "stands in for the digest of a manifest",
    "crates/core/src/audit/remedy.rs": "a closed list below `wire`",
    "crates/core/src/entity/connection.rs": "states of a connection",
    "crates/core/src/entity/notification.rs": "types of notifications",
    "crates/gateway/src/outcome.rs": "the closed list of `error_kind`",
}
# The command line for people knows the services by their contract alone.
OWN_CRATES = ("crates/caracal/",)

LISTS = {
    "crates/wire/src/code/table.rs": r'^\s+\w+ "([a-z_]+)" \d+',
    "crates/wire/src/gateway.rs": r'^\s+\w+ "([a-z_0-9]+)"',
    "crates/wire/src/sts/denial.rs": r'^\s+\w+ "([a-z_0-9]+)"',
}


def words():
    """Codes and reasons that are no ordinary words."""
    found = set()
    for path, row in LISTS.items():
        found.update(re.findall(row, (ROOT / path).read_text(), re.M))
    return {word for word in found if "_" in word}


def faults(known):
    """(path, line, what is wrong), and which exemptions were needed."""
    found, needed = [], set()
    for path, text in sources():
        name = str(path)
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\bjson!", line):
                needed.add((name, "json!"))
                if name not in OPEN_DOCUMENTS:
                    found.append((name, number, "`json!`: give what is said a type"))
            # Labels of metrics are closed by the declaration of the metric.
            if name.startswith(("crates/wire/", *OWN_CRATES)) or "metrics::" in line:
                continue
            for word in re.findall(r'"([a-z_0-9]+)"', line):
                if word in known:
                    needed.add((name, "word"))
                    if name not in OWN_WORDS:
                        found.append((name, number, f'"{word}": name the member of its list'))
    return found, needed


def main():
    known = words()
    assert len(known) > 100, "the lists of codes are not where they were"
    found, needed = faults(known)
    found += [(name, 0, "builds no `json!` any more: take it off the list") for name in OPEN_DOCUMENTS if (name, "json!") not in needed]
    found += [(name, 0, "has no such word any more: take it off the list") for name in OWN_WORDS if (name, "word") not in needed]
    for name, number, why in found:
        print(f"{name}:{number}: {why}", file=sys.stderr)
    print(f"{len(known)} codes and reasons, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
