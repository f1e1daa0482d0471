#!/usr/bin/env python3
"""Types the commands of the handbook, page by page, each page on a machine of its own as far as it can tell.

    handbook.py run DIRECTORY_OF_BUILT_PROGRAMS [PAGE ...]   every page, or those whose path ends with PAGE
    handbook.py check                                        every shell block says whether it is run, every metric is one,
                                                             and every setting is read somewhere

A block that begins with ```sh,run is typed as it stands; one with ```sh,norun is shown only, because it needs what is not here
(a cluster, another machine, an hour). A page's blocks are typed in order into one bash that stops at the first failure, with an
empty home, `caracal` and `caracald` on PATH, and a network of its own, so the ports that the page names are free. What a
reader has and a machine of tests lacks is made by a comment of the page:

    <!-- handbook: stack=embedded          a stack runs before the first block (`caracal up`; or stack=production)
    zone=$(...)                            and this is typed before it
    -->

Another comment `<!-- handbook:run ... -->` is typed where it stands. `. "$CHECKOUT"/scripts/handbook.sh` gives comments `url`, `as` and `pick`. Needs Linux, and root or user namespaces."""

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from known_metrics import unknown

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs/src"
SECONDS = 180

# What is typed before a page that asks for a stack. The production one is a process for each role over a PostgreSQL and a Redis.
STACKS = {
    "none": [],
    "embedded": ["caracal up >/dev/null 2>up.log || { cat up.log >&2; exit 1; }"],
    "production": [
        "export CARACAL_HOME=$PWD/production",
        'CARACAL_PRODUCTION_HOME=$CARACAL_HOME "$CHECKOUT"/scripts/dev-production.sh up "$PROGRAMS" >up.log 2>&1 &',
        'for _ in $(seq 600); do [ -s "$CARACAL_HOME/endpoints.json" ] && break; kill -0 $! || { cat up.log >&2; exit 1; }; sleep 0.1; done',
    ],
}
TOKEN = re.compile(
    r"^<!-- handbook: (?P<setup>.*?)-->$|^<!-- handbook:run\n(?P<hidden>.*?)-->$|^```sh,run\n(?P<run>.*?)^```$",
    re.S | re.M,
)
SETTING = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[`=]")
# Examples of names that readers choose.
CHOSEN = {"NAME_EXPIRES_AT", "NAME_PREVIOUS_FILE", "TICKETS_URL"}
FENCE = re.compile(r"^```(?P<info>[^\n`]*)$", re.M)


def pages():
    return sorted(BOOK.rglob("*.md"))


def parse(page):
    """The stack that the page asks for, and its blocks as (line, text)."""
    text = page.read_text()
    stack, blocks = "none", []
    for found in TOKEN.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        if found["setup"] is not None:
            words, _, rest = found["setup"].partition("\n")
            for word in words.split():
                key, _, value = word.partition("=")
                if key != "stack" or value not in STACKS:
                    sys.exit(f"{page}:{line - 1}: {word} means nothing")
                stack = value
            blocks.append((line, rest))
        elif found["hidden"] is not None:
            blocks.append((line, found["hidden"]))
        else:
            blocks.append((line, found["run"]))
    return stack, blocks


def read_somewhere(names):
    """Those of `names` that stand anywhere in what ships or is typed."""
    words = [word for name in sorted(names) for word in ("-e", name)]
    places = ["crates", "infra", "scripts", "console/src", "Makefile", ":!*.md"]
    found = subprocess.run(["git", "grep", "-how", *words, "--", *places], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return set(found.stdout.split())


def check():
    wrong = []
    texts = {page: page.read_text() for page in [*pages(), ROOT / "README.md"]}
    named = {name for text in texts.values() for name in SETTING.findall(text)} - CHOSEN
    nowhere = named - read_somewhere(named)
    for page, text in texts.items():
        for name in sorted(nowhere & set(SETTING.findall(text))):
            wrong.append(f"{page.relative_to(ROOT)}: nothing reads {name}")
        # Crates and roles of the database have shorter names.
        for metric in (name for name in unknown(text) if name.count("_") > 1):
            wrong.append(f"{page.relative_to(ROOT)}: no process has the metric {metric}")
        inside = False
        for found in FENCE.finditer(text):
            inside = not inside
            info = found["info"].strip()
            if inside and info in ("", "sh", "bash", "shell", "console"):
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{page.relative_to(ROOT)}:{line}: ```{info} does not say what it is: sh,run sh,norun text ...")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def loopback_up():
    """The loopback of a new network namespace is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


def own_network():
    """Starts this program again where nobody else has a port."""
    if os.environ.get("HANDBOOK_NETWORK") == "own":
        loopback_up()
        # Whatever a page left behind ends with this process.
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
        return
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    os.environ["HANDBOOK_NETWORK"] = "own"
    # Root of a user namespace alone cannot give PostgreSQL its account.
    os.environ["HANDBOOK_ROOT"] = "real" if os.geteuid() == 0 else "mapped"
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def children():
    """Whose parent this process is."""
    me = os.getpid()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            # The name before it may hold blanks and brackets.
            if int(stat.rpartition(")")[2].split()[1]) == me:
                yield int(entry.name)


def end_children():
    """Ends whoever is left below this process: what was started in the background comes back to it."""
    for _ in range(100):
        below = list(children())
        if not below:
            return
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass


def run_page(page, programs):
    stack, blocks = parse(page)
    if not blocks:
        return None
    name = str(page.relative_to(ROOT))
    if stack == "production" and os.environ["HANDBOOK_ROOT"] != "real":
        print(f"  {name}: NOT typed, its stack needs root", flush=True)
        return None
    scratch = Path(tempfile.mkdtemp(prefix="handbook-"))
    lines = ["set -euo pipefail", f"cd {scratch}"]
    lines += STACKS[stack]
    for line, text in blocks:
        lines.append(f"echo '{name}:{line}' >'{scratch}/where'")
        lines.append(text.rstrip("\n"))
    script = scratch / "typed.sh"
    script.write_text("\n".join(lines) + "\n")
    environment = {
        "HOME": str(scratch / "home"),
        # The second verifier of evidence needs the crypto package that the venv of the end-to-end suite has.
        "PATH": f"{programs}:{programs.parent}/e2e-venv/bin:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "CHECKOUT": str(ROOT),
        "PROGRAMS": str(programs),
        "CARACAL_MIN_FREE_MIB": "64",
    }
    (scratch / "home").mkdir()
    # PostgreSQL's account passes through.
    scratch.chmod(0o711)
    output = scratch / "output"
    began = time.monotonic()
    with output.open("wb") as out:
        process = subprocess.Popen(
            ["bash", str(script)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True
        )
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            code = f"no end after {SECONDS} s"
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    end_children()
    took = time.monotonic() - began
    where = scratch / "where"
    where = where.read_text().strip() if where.exists() else f"{name}: its start"
    said = output.read_text(errors="replace")
    shutil.rmtree(scratch, ignore_errors=True)
    if code != 0:
        print(f"{where}: exit {code}\n{said[-4000:]}", file=sys.stderr)
        return False
    print(f"  {name}: {len(blocks)} blocks in {took:.1f} s", flush=True)
    return True


def run(programs, wanted):
    own_network()
    programs = Path(programs).resolve()
    for program in ("caracal", "caracald"):
        if not (programs / program).exists():
            sys.exit(f"handbook: {programs}/{program} is missing: cargo build -p caracal -p caracald")
    chosen = [page for page in pages() if not wanted or any(str(page).endswith(name) for name in wanted)]
    outcomes = [run_page(page, programs) for page in chosen]
    ran = [outcome for outcome in outcomes if outcome is not None]
    print(f"handbook: {len(ran)} pages typed, {ran.count(False)} failed")
    sys.exit(1 if not ran or not all(ran) else 0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["check"]:
            check()
        case ["run", programs, *wanted]:
            run(programs, wanted)
        case _:
            sys.exit(__doc__)
