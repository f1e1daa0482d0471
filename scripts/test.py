#!/usr/bin/env python3
"""Builds every test of the workspace, then runs the test programs side by side, the longest first.

Usage: test.py [--lanes N] [CARGO OPTION...]        (two lanes; further words go to `cargo test --no-run`)
`cargo test` runs one program after the other, and most of ours wait for servers, clocks and each other. Each program
runs as cargo would run it; what it printed is shown when it is done, and every failure again at the end.
"""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

# What takes longest begins first; the rest follows in any order.
FIRST = ["e2e", "postgres_faults", "sqlite_faults", "postgres", "audit", "fake_stack"]
# Whose tests mostly wait, for other processes.
WAITING = {"e2e"}


def build(options):
    """The test programs: name, path, directory of their package."""
    command = ["cargo", "test", "--workspace", "--locked", "--no-run", "--message-format=json-render-diagnostics"]
    made = subprocess.run(command + options, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        sys.exit(made.returncode)
    programs = []
    for line in made.stdout.splitlines():
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and message["profile"]["test"] and message["executable"]:
            directory = pathlib.Path(message["manifest_path"]).parent
            name = message["target"]["name"]
            programs.append((name, f"{directory.name}/{name}", message["executable"], directory))
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(programs, key=lambda program: rank.get(program[0], len(rank)))


def lane(waiting, results, printing):
    while True:
        try:
            name, label, executable, directory = waiting.get_nowait()
        except queue.Empty:
            return
        environment = {**os.environ, "CARGO_MANIFEST_DIR": str(directory), "CARGO": "cargo"}
        if name in WAITING:
            environment.setdefault("RUST_TEST_THREADS", str(2 * (os.cpu_count() or 1)))
        begin = time.monotonic()
        done = subprocess.run(
            [executable], cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )
        took = time.monotonic() - begin
        with printing:
            print(f"     Running {label} ({took:.0f} s)\n{done.stdout.rstrip()}\n", flush=True)
            results.append((label, done.returncode, took, done.stdout))


def told(output):
    """What a failure says of itself: which test, where, and the first lines of why."""
    lines, left = [], 0
    for line in output.splitlines():
        if "panicked at" in line:
            left = 5
        elif line.startswith("stack backtrace") or line.startswith("note: "):
            left = 0
        if left or line.endswith("FAILED"):
            lines.append(line[:1000])
            left = max(left - 1, 0)
    return lines


def main():
    lanes, options = 2, sys.argv[1:]
    if options[:1] == ["--lanes"]:
        lanes, options = int(options[1]), options[2:]
    waiting, results, printing = queue.Queue(), [], threading.Lock()
    for program in build(options):
        waiting.put(program)
    begin = time.monotonic()
    threads = [threading.Thread(target=lane, args=(waiting, results, printing)) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [result for result in results if result[1]]
    for label, code, _, output in failed:
        lines = told(output)
        print(f"failed: {label} (exit {code})", *lines, sep="\n  ")
    documents = subprocess.run(["cargo", "test", "--workspace", "--locked", "--doc", "--quiet", *options])
    print(f"{len(results)} test programs in {time.monotonic() - begin:.0f} s, {len(failed)} failed")
    return 1 if failed or documents.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
