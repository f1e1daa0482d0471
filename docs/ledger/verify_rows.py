#!/usr/bin/env python3
"""A second verifier of everything that a database of Caracal says of a log, row by row: entries, blocks, tiles, head, prune
checkpoint, what searches go by, what is held, and the set of all logs. Written from the page "Form of the ledger" of the handbook.

  caracald audit export --rows ledger/ZONE > rows
  verify_rows.py rows [--audit-key FILE] [--expect HEADS.json] [--checkpoint NOTE... --origin ORIGIN --key KEY...]

It needs what `verify.py` beside it needs. `--audit-key` names a file with the keys of the ends of logs (AUDIT_HMAC_KEY), in hex, apart
by commas or lines; without it whoever has the database can make ends that fit. Ends with 0 when everything holds, with 1 when
something does not (a line for each place), and with 2 when it was asked wrongly.
"""
import argparse
import base64
import collections
import hashlib
import hmac
import json
import struct
import sys

from verify import Tree, Wrong, check_trust, instant, leaf_hash, optional, parse_checkpoint, parse_prune, sha256

WIDTH = 256
SPAN = {"ledger": 15 * 60 * 1_000_000, "admin": 24 * 60 * 60 * 1_000_000}


def framed(*parts):
    parts = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(struct.pack(">Q", len(part)) + part for part in parts)


def u64(number):
    return struct.pack(">Q", number)


def root_of(hashes):
    tree = Tree()
    for one in hashes:
        tree.append(one)
    return tree.root()


# --- what entries are found by ---------------------------------------------------------------------------------------------


def read_event(body):
    """Zone, id, time and terms of an event."""
    event = json.loads(body)
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("id", "zone_id", "occurred_at")):
        raise ValueError("no event")
    texts = [event.get(name, "") for name in ("event_type", "request_id", "decision")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no event")
    kind, request, decision = (text.replace("\0", "") for text in texts)
    about = event.get("metadata_json")
    about = about if isinstance(about, dict) else {}
    terms = {("type", kind, ""), ("decision", decision, ""), ("type_decision", kind, decision)}
    if request:
        terms.add(("request", request, ""))
    if (session := optional(about, "agent_session_id")) is not None:
        terms |= {("session", session, ""), ("session_decision", session, decision)}
    if (record := optional(about, "session_id")) is not None:
        terms.add(("authority_record", record, ""))
    if (application := optional(about, "application_id")) is not None:
        terms |= {("application", application, ""), ("application_decision", application, decision)}
        terms.add(("application_type", application, kind))
    labels = about.get("agent_labels")
    for label in labels if isinstance(labels, list) else []:
        if isinstance(label, str):
            terms.add(("label", label.replace("\0", ""), ""))
    return event["zone_id"], event["id"], instant(event["occurred_at"]), terms


def read_record(body):
    """The same of an administrative record."""
    record = json.loads(body)
    if not isinstance(record, dict) or not all(
        isinstance(record.get(name), str) for name in ("id", "request_id", "method", "occurred_at")
    ):
        raise ValueError("no record")
    text = {}
    for name in ("request_id", "method", "actor_id", "entity_type", "entity_id"):
        value = record.get(name)
        if not isinstance(value, (str, type(None))):
            raise ValueError("no record")
        text[name] = None if value is None else value.replace("\0", "")
    terms = {("method", text["method"], "")}
    if text["request_id"]:
        terms.add(("request", text["request_id"], ""))
    for kind, name in (("actor", "actor_id"), ("entity_type", "entity_type"), ("entity", "entity_id")):
        if text[name] is not None:
            terms.add((kind, text[name], ""))
    return record.get("zone_id"), record["id"], instant(record["occurred_at"]), terms


def stored(term):
    (number,) = struct.unpack(">q", hashlib.sha256(framed(*term)).digest()[:8])
    return number


# --- what is kept, and how long --------------------------------------------------------------------------------------------


class Kept:
    """Holds in force and the retention of events, as administrative records say it: id or days, and the record's index."""

    def __init__(self):
        self.holds, self.days, self.said_at, self.unread = {}, None, 0, False

    def take(self, index, body):
        if "keeping" not in body:
            return
        try:
            said = (json.loads(body).get("payload_json") or {}).get("keeping")
            if said is None:
                return
            change = said["change"]
            if change == "held":
                self.holds[said["hold_id"]] = (said.get("subject_id"), index)
            elif change == "lifted":
                self.holds.pop(said["hold_id"], None)
            elif change == "retention":
                self.days, self.said_at = said.get("days"), index
            else:
                self.unread = True
        except (ValueError, KeyError, TypeError, AttributeError):
            self.unread = True

    def differs(self, row):
        """The index of the record that the rows do not say the same as, or none."""
        rows = dict(map(tuple, row["holds"]))
        for hold, (subject, index) in sorted(self.holds.items()):
            if hold not in rows or rows[hold] != subject:
                return index
        if any(hold not in self.holds for hold in rows):
            return 0
        return self.said_at if self.days != row["days"] else None


# --- the log ---------------------------------------------------------------------------------------------------------------


class Log:
    def __init__(self, head, prune, keys, kept, known):
        self.head, self.keys, self.kept, self.known = head, keys, kept, known
        self.name = head["log"]
        self.kind, _, self.zone = self.name.partition("/")
        self.faults, self.tree, self.next, self.gap_from = [], Tree(), 0, None
        self.levels, self.made, self.stored = [], [], {}
        self.wrong, self.agreed, self.proved = [], 0, 0
        self.findable = collections.defaultdict(collections.Counter)
        self.block, self.prune, self.keeping, self.said = None, None, None, Kept()
        if prune:
            try:
                self.prune = parse_prune(prune["note"].encode())
            except Wrong:
                # One that cannot be read permits nothing.
                return
            said = framed("caracal.evidence.pruned.v1", self.kind, self.zone, u64(prune["size"]))
            said += framed(sha256(prune["note"].encode()).hex(), struct.pack(">q", prune["pruned_at"]))
            size = self.prune["tree"].size
            if keys and (prune["size"] != size or not self.tagged(said, prune["tag"])):
                self.fault(size - 1, "wrong_prune_key")

    def fault(self, index, kind):
        self.faults.append((max(index, 0) + 1, kind))

    def tagged(self, said, tag):
        return any(hmac.compare_digest(hmac.new(key, said, "sha256").hexdigest(), tag) for key in self.keys)

    def append(self, leaf):
        self.tree.append(leaf)
        level, made = 0, leaf
        while True:
            if len(self.levels) <= level:
                self.levels.append([])
            self.levels[level].append(made)
            if len(self.levels[level]) < WIDTH:
                break
            hashes, self.levels[level] = self.levels[level], []
            self.made.append((level, self.tree.size // WIDTH ** (level + 1) - 1, hashes))
            level, made = level + 1, root_of(hashes)
        size = self.tree.size
        if self.kept and self.kept["entries"] == size and self.kept["head"] != self.tree.root().hex():
            self.fault(size - 1, "kept_head_differs")
        if size in self.known:
            if self.known[size] != self.tree.root():
                self.fault(self.proved, "forked")
            else:
                self.proved = size
        if self.prune and self.prune["tree"].size == size and self.prune["tree"].peaks != self.tree.peaks:
            self.fault(size - 1, "prune_differs")

    def gap(self, first):
        """Bodies of entries before `first` that are not there: whether one of them may not be missing."""
        start, self.gap_from = self.next if self.gap_from is None else self.gap_from, None
        if self.prune:
            end = min(first, self.prune["tree"].size)
            refused = [max(kept.start, start) for kept in self.prune["kept"] if max(kept.start, start) < min(kept.stop, end)]
            if refused:
                self.said.unread = True
                self.fault(min(refused), "sequence_gap")

    def leaves(self, row):
        self.gap_from = self.next if self.gap_from is None else self.gap_from
        leaves = base64.b64decode(row["leaves"], validate=True)
        for at in range(0, len(leaves), 32):
            self.append(leaves[at : at + 32])
        self.next += len(leaves) // 32

    def begin(self, row):
        """A block begins; its entries follow."""
        self.end_block()
        self.block, self.entries = row, []

    def end_block(self):
        if self.block is None:
            return
        block, entries, self.block = self.block, self.entries, None
        first = block["first"]
        expected = self.next
        self.next = first + (block["entries"] if block["damaged"] else len(entries))
        if first != expected:
            self.fault(min(expected, first), "sequence_gap")
        if block["damaged"]:
            self.fault(first, "content_mismatch")
        self.said.unread |= first != expected or block["damaged"]
        said, taken = [], []
        for index, entry in enumerate(entries, first):
            taken.append(entry["taken_at"])
            try:
                zone, *found = read_event(entry["body"]) if self.kind == "ledger" else read_record(entry["body"])
            except (ValueError, Wrong):
                self.fault(index, "content_mismatch")
                self.said.unread |= "keeping" in entry["body"]
                continue
            if zone != (self.zone or None):
                self.fault(index, "copy_mismatch")
                continue
            said.append(found)
        for index, entry in enumerate(entries, first):
            if self.kind == "admin" and index < self.head["size"]:
                self.said.take(index, entry["body"])
        ids, times = [one[0] for one in said], [one[1] for one in said]
        names = ("entries", "min_id", "max_id", "occurred_from", "occurred_until", "taken_at")
        there = [len(said), min(ids, default=None), max(ids, default=None)]
        there += [min(times, default=None), max(times, default=None), max(taken, default=None)]
        if not block["damaged"] and there != [block[name] for name in names]:
            self.fault(first, "copy_mismatch")
        for index, entry in enumerate(entries, first):
            self.append(leaf_hash({**entry, "log": self.name, "index": index}))
        if first < self.head["sealed"]:
            if block["occurred_until"] - block["occurred_from"] > SPAN[self.kind]:
                self.fault(first, "copy_mismatch")
            terms = {stored(term) for one in said for term in one[2]}
            self.findable[first].update((term, block["occurred_until"]) for term in terms)

    def compare_tiles(self):
        for level, index, hashes in self.made:
            there = self.stored.get((level, index), [])
            first = index * WIDTH ** (level + 1)
            if there == hashes:
                if level == 0 and not self.wrong:
                    self.agreed = first + WIDTH
                continue
            same = next((at for at, one in enumerate(hashes) if at >= len(there) or there[at] != one), len(hashes))
            self.wrong.append(first + same * WIDTH**level)
        # Those that the log has not come to.
        for level, index in sorted(self.stored):
            width = WIDTH ** (level + 1)
            if index >= self.tree.size // width:
                self.wrong.append(index * width)

    def finish(self):
        self.compare_tiles()
        for first in sorted(first for first, left in self.findable.items() if any(left.values())):
            self.fault(first, "copy_mismatch")
        head, size = self.head, self.tree.size
        made = self.tree.root().hex() if size else ""
        if head["size"] != size or head["frontier"] != [peak.hex() for peak in self.tree.peaks]:
            if head["size"] == size and head["root"] != made:
                self.fault(self.wrong[0] if self.wrong else self.agreed, "content_mismatch")
            else:
                self.fault(head["size"] - 1, "wrong_head")
        elif head["root"] != made:
            self.fault(size - 1, "wrong_head")
        else:
            for index in self.wrong:
                self.fault(index, "wrong_tile")
        if self.prune and self.prune["tree"].size > size:
            self.fault(self.prune["tree"].size - 1, "prune_differs")
        if head["sealed"] > size:
            self.fault(size - 1, "wrong_head")
        if self.kept and self.kept["entries"] > size:
            self.fault(self.kept["entries"] - 1, "kept_head_missing")
        if self.known and max(self.known) > size:
            self.fault(size, "truncated")
        said = framed("caracal.evidence.head.v1", self.kind, self.zone, u64(head["size"]), head["root"])
        if self.keys and head["number"] and not self.tagged(said, head["root_hmac"]):
            self.fault(head["size"] - 1, "wrong_head_key")
        # What cannot be read is a fault of its own.
        if self.keeping and not self.said.unread and head["size"] <= size:
            differs = self.said.differs(self.keeping)
            if differs is not None:
                self.fault(differs, "keeping_differs")
        return self.faults


def verify_chains(row, keys):
    """What does not hold of the set of all logs, and the first number that is not as it was counted, or none."""
    chains, summary, digest, faults = row["chains"], row["summary"], "", []
    for number, (_, name) in enumerate(chains, 1):
        kind, _, zone = name.partition("/")
        digest = hashlib.sha256(framed("caracal.evidence.beginning.v1", digest, u64(number), kind, zone)).hexdigest()
    wrong = next((at for at, (number, _) in enumerate(chains, 1) if number != at), None)
    if summary is None:
        return ["chains_uncounted"] if chains or row["used"] else [], wrong
    if wrong is None and summary["count"] != len(chains):
        wrong = min(summary["count"], len(chains)) + 1
    if wrong is not None or summary["digest"] != digest:
        faults.append("chains_differ")
    said = framed("caracal.evidence.chains.v1", u64(max(summary["count"], 0)), summary["digest"])
    if keys and not any(hmac.compare_digest(hmac.new(key, said, "sha256").hexdigest(), summary["digest_hmac"]) for key in keys):
        faults.append("wrong_chains_key")
    return faults, wrong


def verify(lines, keys, expected, known):
    """The name of the log, its size, what does not hold at which position, and what of the set of logs does not."""
    rows = (json.loads(line) for line in lines)
    first, head = next(rows, {}), next(rows, {})
    if first.get("row") != "chains" or head.get("row") != "log":
        raise Wrong("form", "these are no rows of a log")
    row, prune, keeping = next(rows, {}), None, None
    if row.get("row") == "keeping":
        keeping, row = row, next(rows, {})
    if row.get("row") == "prune":
        prune, row = row, next(rows, {})
    of = "zones" if head["log"].startswith("ledger/") else "administrative"
    zone = head["log"].partition("/")[2] or None
    kept = next((kept for kept in expected.get(of, []) if kept.get("zone_id") == zone), None)
    log = Log(head, prune, keys, kept, known)
    if log.kind == "admin" and keeping is None:
        raise Wrong("form", "rows of records do not say what is kept")
    log.keeping = keeping
    while row.get("row") != "end":
        kind = row.get("row")
        if kind == "entry":
            if log.block is None or row["index"] != log.block["first"] + len(log.entries):
                raise Wrong("form", "an entry outside of its block")
            log.entries.append(row)
        elif kind in ("block", "leaves", "tile", "posting"):
            log.end_block()
            if kind == "block":
                log.gap(row["first"])
                log.begin(row)
            elif kind == "leaves":
                log.leaves(row)
            elif kind == "tile":
                data = base64.b64decode(row["hashes"], validate=True)
                log.stored[row["level"], row["index"]] = [data[at : at + 32] for at in range(0, len(data), 32)]
            else:
                log.findable[row["first"]].subtract([(row["term"], row["occurred_until"])])
        else:
            raise Wrong("form", "these rows end too early")
        row = next(rows, {})
    log.end_block()
    log.gap(1 << 64)
    return log.name, log.tree.size, log.finish(), verify_chains(first, keys)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--audit-key", help="file with the keys of the ends of logs")
    parser.add_argument("--expect", help="file with an earlier answer of `audit verify --json`")
    parser.add_argument("--checkpoint", action="append", default=[], help="file with a checkpoint that was kept")
    parser.add_argument("--origin", help="the log that is believed")
    parser.add_argument("--key", action="append", default=[], help="a key of the log, or of its host")
    asked = parser.parse_args()

    def read(path):
        with open(path, "rb") as file:
            return file.read()

    try:
        keys = read(asked.audit_key).decode().replace(",", "\n").split() if asked.audit_key else []
        expected = json.loads(read(asked.expect)) if asked.expect else {}
        known = {}
        for note in map(read, asked.checkpoint):
            checkpoint = parse_checkpoint(note)
            check_trust(checkpoint, {"origin": asked.origin, "log": asked.key, "witnesses": [], "threshold": 0})
            if known.setdefault(checkpoint["size"], checkpoint["root"]) != checkpoint["root"]:
                raise Wrong("split_view", f"two different logs were signed at {checkpoint['size']} entries")
        with open(asked.file, "rb") as lines:
            name, size, faults, (chains, at) = verify(lines, [bytes.fromhex(key) for key in keys], expected, known)
    except Wrong as wrong:
        print(f"does not hold: {wrong}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    for position, kind in faults:
        print(f"{name}: entry {position}: {kind}")
    for kind in chains:
        print(f"the set of logs: {kind}" + (f" (number {at})" if at is not None else ""))
    if not faults and not chains:
        print(f"{name} holds: {size} entries")
    return 1 if faults or chains else 0


if __name__ == "__main__":
    sys.exit(main())
