#!/usr/bin/env python3
"""Builds every test of the workspace, then runs the test programs side by side, the longest first.

Usage: test.py [--lanes N] [CARGO OPTION...]        (two lanes; further words go to `cargo test --no-run`)
`cargo test` runs one program after the other, and most of ours wait for servers, clocks and each other. Each program
runs as cargo would run it; what it printed is shown when it is done, and every failure again at the end. One that does
not end is ended, with the names of the tests that it had not finished.
"""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

# What takes longest begins first; the rest follows in any order.
FIRST = ["e2e", "sqlite_faults", "api", "postgres_faults", "sqlite", "audit", "postgres", "fake_stack"]
# Whose tests mostly wait, for other processes.
WAITING = {"e2e"}
# A program that takes longer hangs, in seconds: three times what the longest needs on a busy machine.
LIMIT = int(os.environ.get("CARACAL_TEST_LIMIT", "3600"))
# Linux's file system in memory, and what has to be free there, in bytes.
MEMORY, ROOM = "/dev/shm", 6 << 30
RUNNING = set()
FILES = []


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


class Program:
    """A test program while it runs, in a process group of its own, so that what it started can be ended with it."""

    def __init__(self, label, executable, directory, environment):
        self.label, self.executable = label, executable
        # Into a file: what a test left running would keep a pipe open for good.
        self.printed = tempfile.TemporaryFile(buffering=0)
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [executable], cwd=directory, env=environment, stdout=self.printed, stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def end(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def wait(self):
        """Its exit code, and the seconds of CPU that it and what it started took. Ends it where it hangs."""
        ended, hung = 0, False
        while not ended:
            if not hung and time.monotonic() > self.begin + LIMIT:
                hung = True
                self.end(signal.SIGKILL)
            time.sleep(0.05)
            ended, status, used = os.wait4(self.process.pid, os.WNOHANG)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if hung:
            self.printed.seek(0, os.SEEK_END)
            self.printed.write(self.unfinished().encode())
        return self.process.returncode, used.ru_utime + used.ru_stime

    def output(self):
        return os.pread(self.printed.fileno(), 1 << 30, 0).decode(errors="replace")

    def unfinished(self):
        """A line for each test that has not ended."""
        listed = subprocess.run([self.executable, "--list"], stdout=subprocess.PIPE, text=True, timeout=60)
        names = {line.removesuffix(": test") for line in listed.stdout.splitlines() if line.endswith(": test")}
        ended = {line.split()[1] for line in self.output().splitlines() if line.startswith("test ") and " ... " in line}
        return "".join(f"\ntest {name} ... did not end: FAILED" for name in sorted(names - ended))


def scratch():
    """A directory for the files of tests: in memory where there is room and programs may be started from there."""
    place = None
    if os.access(MEMORY, os.W_OK):
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize >= ROOM and not room.f_flag & os.ST_NOEXEC:
            place = MEMORY
    # A short name: paths of sockets have 107 bytes.
    files = tempfile.TemporaryDirectory(prefix="t", dir=place, ignore_cleanup_errors=True)
    # Servers that do not run as root have theirs within.
    os.chmod(files.name, 0o755)
    return files


def interrupted(number, _):
    for program in list(RUNNING):
        program.end(signal.SIGKILL)
        took = time.monotonic() - program.begin
        print(f"interrupted: {program.label} after {took:.0f} s{program.unfinished()}", flush=True)
    for files in FILES:
        files.cleanup()
    os._exit(128 + number)


def lane(waiting, results, printing, files):
    while True:
        try:
            name, label, executable, directory = waiting.get_nowait()
        except queue.Empty:
            return
        environment = {**os.environ, "CARGO_MANIFEST_DIR": str(directory), "CARGO": "cargo", "TMPDIR": files}
        if name in WAITING:
            environment.setdefault("RUST_TEST_THREADS", str(3 * (os.cpu_count() or 1)))
        program = Program(label, executable, directory, environment)
        RUNNING.add(program)
        code, used = program.wait()
        RUNNING.remove(program)
        took, output = time.monotonic() - program.begin, program.output()
        with printing:
            print(f"     Running {label} ({took:.0f} s, {used:.0f} s of CPU)\n{output.rstrip()}\n", flush=True)
            results.append((label, code, took, output))


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
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    waiting, results, printing = queue.Queue(), [], threading.Lock()
    for program in build(options):
        waiting.put(program)
    begin = time.monotonic()
    files = scratch()
    FILES.append(files)
    with files as directory:
        run = (waiting, results, printing, directory)
        threads = [threading.Thread(target=lane, args=run) for _ in range(lanes)]
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
