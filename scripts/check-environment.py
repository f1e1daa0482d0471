#!/usr/bin/env python3
"""The environment is read in one place, so that the table of settings says all that a process reads.

Fails where other code that ships asks for a variable. `env!` and `option_env!` are of the build.
"""

import re
import sys

from production import sources

READERS = {
    "crates/caracal/src/environment.rs": "the command line for people, which has no table",
    "crates/caracal/src/run/mod.rs": "what the program that is run gets of it",
    "crates/service/src/config/settings.rs": "the table of settings",
}


def main():
    asks = re.compile(r"\benv::(?:vars?|vars?_os)\b|\buse std::env::\{?[^;]*\bvars?\b")
    found = [
        (str(path), number)
        for path, text in sources()
        for number, line in enumerate(text.splitlines(), 1)
        if asks.search(line)
    ]
    faults = [(name, number) for name, number in found if name not in READERS]
    for name, number in faults:
        print(f"{name}:{number}: declare a setting, and take what it says", file=sys.stderr)
    for name in READERS.keys() - {name for name, _ in found}:
        faults.append((name, 0))
        print(f"{name}: reads nothing any more: take it off the list", file=sys.stderr)
    print(f"the environment is read in {len(found)} places, {len(faults)} of them wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
