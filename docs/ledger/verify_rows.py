#!/usr/bin/env python3
"""A second verifier of everything that a database of Caracal says of a log, row by row: entries, blocks, tiles, head, prune
checkpoint, what searches go by, what is held, and the set of all logs. Written from the section "Rows" of the page "Form of the
ledger" of the handbook.

  caracald audit export --rows ledger/ZONE > rows
  verify_rows.py rows [--audit-key FILE] [--expect HEADS.json] [--checkpoint NOTE... --origin ORIGIN --key KEY...]

It needs what `verify.py` beside it needs. `--audit-key` names a file with the keys of the ends of logs (AUDIT_HMAC_KEY), in hex, apart
by commas or lines; without it whoever has the database can make ends that fit. Ends with 0 when everything holds, with 1 when
something does not (a line for each place), and with 2 when it was asked wrongly.
"""
import argparse
import base64
import collections
import hmac
import json
import sys

from verify import Tree, Wrong, about, believe, check_trust, ended, framed, hashes, i64, instant, leaf_hash, need, optional
from verify import parse_checkpoint, parse_prune, read, sha256, u64

WIDTH = 256
SPAN = {"ledger": 15 * 60 * 1_000_000, "admin": 24 * 60 * 60 * 1_000_000}


def tagged(keys, said, tag):
    """Whether one of the keys made a tag."""
    return any(hmac.compare_digest(hmac.new(key, said, "sha256").hexdigest(), tag) for key in keys)


# --- What entries are found by -----------------------------------------------------------------------------------------------


def members(body, needed, others):
    """An object and some of its members, each a text: those that it needs as they are, the others without NUL."""
    value = json.loads(body)
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in needed):
        raise ValueError("neither an event nor a record")
    found = [value.get(name, default) for name, default in others]
    if not all(isinstance(text, (str, type(default))) for text, (_, default) in zip(found, others)):
        raise ValueError("neither an event nor a record")
    return value, [text and text.replace("\0", "") for text in found]

def read_event(body):
    """Zone, id, time and terms of an event."""
    others = [("event_type", ""), ("request_id", ""), ("decision", "")]
    event, (kind, request, decision) = members(body, ("id", "zone_id", "occurred_at"), others)
    names = ("agent_session_id", "session_id", "application_id")
    session, record, application = (optional(about(event), name) for name in names)
    terms = {("type", kind, ""), ("decision", decision, ""), ("type_decision", kind, decision)}
    if request:
        terms.add(("request", request, ""))
    if session is not None:
        terms |= {("session", session, ""), ("session_decision", session, decision)}
    if record is not None:
        terms.add(("authority_record", record, ""))
    if application is not None:
        terms |= {("application", application, ""), ("application_decision", application, decision)}
        terms.add(("application_type", application, kind))
    labels = about(event).get("agent_labels")
    labels = labels if isinstance(labels, list) else []
    terms |= {("label", label.replace("\0", ""), "") for label in labels if isinstance(label, str)}
    return event["zone_id"], event["id"], instant(event["occurred_at"]), terms

def read_record(body):
    """The same of an administrative record."""
    others = [("request_id", None), ("method", None), ("actor_id", None), ("entity_type", None), ("entity_id", None)]
    record, texts = members(body, ("id", "request_id", "method", "occurred_at"), others)
    terms = zip(("request", "method", "actor", "entity_type", "entity"), texts)
    terms = {(kind, text, "") for kind, text in terms if text or (text is not None and kind != "request")}
    return record.get("zone_id"), record["id"], instant(record["occurred_at"]), terms

def stored(term):
    return int.from_bytes(sha256(framed(*term))[:8], "big", signed=True)


# --- What is kept, and how long --------------------------------------------------------------------------------------------


class Kept:
    """Holds in force and the retention of events, as administrative records say it: id or days, and the record's index."""

    def __init__(self):
        self.holds, self.days, self.said_at, self.unread = {}, None, 0, False

    def take(self, index, body):
        if "keeping" not in body:
            return
        try:
            said = (json.loads(body).get("payload_json") or {}).get("keeping")
            change = said and said["change"]
            if change == "held":
                self.holds[said["hold_id"]] = (said.get("subject_id"), index)
            elif change == "lifted":
                self.holds.pop(said["hold_id"], None)
            elif change == "retention":
                self.days, self.said_at = said.get("days"), index
            else:
                self.unread |= said is not None
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


# --- The log ---------------------------------------------------------------------------------------------------------------


class Log:
    def __init__(self, head, prune, keeping, keys, kept, known):
        self.head, self.keeping, self.keys, self.kept, self.known = head, keeping, keys, kept, known
        self.name = head["log"]
        self.kind, _, self.zone = self.name.partition("/")
        self.faults, self.wrong, self.proved, self.said = [], [], 0, Kept()
        self.tree, self.leaves, self.stored = Tree(), [], {}
        self.findable = collections.defaultdict(collections.Counter)
        # Where the next block is expected, where bodies that are gone began, and the block whose entries come.
        self.next, self.gap_from, self.block, self.entries, self.prune = 0, None, None, [], None
        if prune:
            try:
                self.prune = parse_prune(prune["note"].encode())
            except Wrong:
                # One that cannot be read permits nothing.
                return
            said = framed("caracal.evidence.pruned.v1", self.kind, self.zone, u64(prune["size"]))
            said += framed(sha256(prune["note"].encode()).hex(), i64(prune["pruned_at"]))
            if keys and (prune["size"] != self.prune["size"] or not tagged(keys, said, prune["tag"])):
                self.fault(self.prune["size"] - 1, "wrong_prune_key")

    def fault(self, index, kind):
        self.faults.append((max(index, 0) + 1, kind))

    def append(self, leaf):
        self.leaves.append(leaf)
        self.tree.append(leaf)
        size, prune = self.tree.size, self.prune
        if self.kept and self.kept["entries"] == size and self.kept["head"] != self.tree.root().hex():
            self.fault(size - 1, "kept_head_differs")
        if not self.tree.is_as_signed(self.known):
            self.fault(self.proved, "forked")
        elif size in self.known:
            self.proved = size
        if prune and prune["size"] == size and prune["peaks"] != self.tree.peaks:
            self.fault(size - 1, "prune_differs")

    def take_gap(self, first):
        """Bodies of entries before `first` that are not there: whether one of them may not be missing."""
        start, self.gap_from = self.next if self.gap_from is None else self.gap_from, None
        if self.prune:
            end = min(first, self.prune["size"])
            refused = [max(kept.start, start) for kept in self.prune["kept"] if max(kept.start, start) < min(kept.stop, end)]
            if refused:
                self.said.unread = True
                self.fault(min(refused), "sequence_gap")

    def take_leaves(self, row):
        self.gap_from = self.next if self.gap_from is None else self.gap_from
        for leaf in hashes(base64.b64decode(row["leaves"], validate=True)):
            self.append(leaf)
            self.next += 1

    def take_block(self):
        """What was read of a block, whose last entry was the one before."""
        if self.block is None:
            return
        block, first, self.block = self.block, self.block["first"], None
        entries, expected = list(enumerate(self.entries, first)), self.next
        self.next = first + (block["entries"] if block["damaged"] else len(entries))
        if first != expected:
            self.fault(min(expected, first), "sequence_gap")
        if block["damaged"]:
            self.fault(first, "content_mismatch")
        self.said.unread |= first != expected or block["damaged"]
        found = []
        for index, entry in entries:
            try:
                zone, *said = read_event(entry["body"]) if self.kind == "ledger" else read_record(entry["body"])
            except (ValueError, Wrong):
                self.fault(index, "content_mismatch")
                self.said.unread |= "keeping" in entry["body"]
                continue
            if zone == (self.zone or None):
                found.append(said)
            else:
                self.fault(index, "copy_mismatch")
        for index, entry in entries:
            if self.kind == "admin" and index < self.head["size"]:
                self.said.take(index, entry["body"])
        ids, times, taken = ([one[0] for one in found], [one[1] for one in found], [entry["taken_at"] for _, entry in entries])
        there = {"entries": len(found), "min_id": min(ids, default=None), "max_id": max(ids, default=None)}
        there |= {"occurred_from": min(times, default=None), "occurred_until": max(times, default=None)}
        there |= {"taken_at": max(taken, default=None)}
        if not block["damaged"] and any(block[name] != value for name, value in there.items()):
            self.fault(first, "copy_mismatch")
        for index, entry in entries:
            self.append(leaf_hash({**entry, "log": self.name, "index": index}))
        if first < self.head["sealed"]:
            if block["occurred_until"] - block["occurred_from"] > SPAN[self.kind]:
                self.fault(first, "copy_mismatch")
            terms = {stored(term) for one in found for term in one[2]}
            self.findable[first].update((term, block["occurred_until"]) for term in terms)

    def compare_tiles(self):
        """Compares tiles with the stored ones in the order in which they were full, and finds those that the log has not come to."""
        made, level, nodes = {}, 0, self.leaves
        while len(nodes) >= WIDTH:
            tiles = [nodes[at : at + WIDTH] for at in range(0, len(nodes) - len(nodes) % WIDTH, WIDTH)]
            made |= {(level, index): tile for index, tile in enumerate(tiles)}
            level, nodes = level + 1, [root_of(tile) for tile in tiles]
        for level, index in sorted(made, key=lambda at: ((at[1] + 1) * WIDTH ** (at[0] + 1), at[0])):
            tile, there = made[level, index], self.stored.pop((level, index), [])
            if there != tile:
                same = next((at for at, one in enumerate(tile) if at >= len(there) or there[at] != one), len(tile))
                self.wrong.append((index * WIDTH + same) * WIDTH**level)
        self.wrong += [index * WIDTH ** (level + 1) for level, index in sorted(self.stored)]

    def finish(self):
        self.compare_tiles()
        for first in sorted(first for first, left in self.findable.items() if any(left.values())):
            self.fault(first, "copy_mismatch")
        head, size, prune, kept = self.head, self.tree.size, self.prune, self.kept
        made = self.tree.root().hex() if size else ""
        if head["size"] != size or head["frontier"] != [peak.hex() for peak in self.tree.peaks]:
            if head["size"] == size and head["root"] != made:
                # An entry is another one; tiles tell which, as far as they were full.
                self.fault(self.wrong[0] if self.wrong else size - size % WIDTH, "content_mismatch")
            else:
                self.fault(head["size"] - 1, "wrong_head")
        elif head["root"] != made:
            self.fault(size - 1, "wrong_head")
        else:
            for index in self.wrong:
                self.fault(index, "wrong_tile")
        if prune and prune["size"] > size:
            self.fault(prune["size"] - 1, "prune_differs")
        if head["sealed"] > size:
            self.fault(size - 1, "wrong_head")
        if kept and kept["entries"] > size:
            self.fault(kept["entries"] - 1, "kept_head_missing")
        if max(self.known, default=0) > size:
            self.fault(size, "truncated")
        said = framed("caracal.evidence.head.v1", self.kind, self.zone, u64(head["size"]), head["root"])
        if self.keys and head["number"] and not tagged(self.keys, said, head["root_hmac"]):
            self.fault(head["size"] - 1, "wrong_head_key")
        # What cannot be read is a fault of its own.
        if self.keeping and not self.said.unread and head["size"] <= size:
            differs = self.said.differs(self.keeping)
            if differs is not None:
                self.fault(differs, "keeping_differs")
        return self.faults

def root_of(leaves):
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


# --- The set of all logs, and the rows -----------------------------------------------------------------------------------------


def verify_chains(row, keys):
    """What does not hold of the set of all logs, and the first number that is not as it was counted, or none."""
    chains, summary, digest, faults = row["chains"], row["summary"], "", []
    for number, (_, name) in enumerate(chains, 1):
        kind, _, zone = name.partition("/")
        digest = sha256(framed("caracal.evidence.beginning.v1", digest, u64(number), kind, zone)).hex()
    wrong = next((at for at, (number, _) in enumerate(chains, 1) if number != at), None)
    if summary is None:
        return ["chains_uncounted"] if chains or row["used"] else [], wrong
    if wrong is None and summary["count"] != len(chains):
        wrong = min(summary["count"], len(chains)) + 1
    if wrong is not None or summary["digest"] != digest:
        faults.append("chains_differ")
    said = framed("caracal.evidence.chains.v1", u64(max(summary["count"], 0)), summary["digest"])
    if keys and not tagged(keys, said, summary["digest_hmac"]):
        faults.append("wrong_chains_key")
    return faults, wrong

def verify(lines, keys, expected, known):
    """The name of the log, its size, what does not hold at which position, and what of the set of logs does not."""
    rows = (json.loads(line) for line in lines)
    first, head, row, beside = next(rows, {}), next(rows, {}), next(rows, {}), {}
    need(first.get("row") == "chains" and head.get("row") == "log", "form", "these are no rows of a log")
    for name in ("keeping", "prune"):
        if row.get("row") == name:
            beside[name], row = row, next(rows, {})
    kind, _, zone = head["log"].partition("/")
    kept = expected.get("zones" if kind == "ledger" else "administrative", [])
    kept = next((kept for kept in kept if kept.get("zone_id") == (zone or None)), None)
    log = Log(head, beside.get("prune"), beside.get("keeping"), keys, kept, known)
    need(kind != "admin" or log.keeping, "form", "rows of records do not say what is kept")
    while row.get("row") != "end":
        kind = row.get("row")
        need(kind in ("entry", "block", "leaves", "tile", "posting"), "form", "these rows end too early")
        if kind == "entry":
            here = log.block is not None and row["index"] == log.block["first"] + len(log.entries)
            need(here, "form", "an entry outside of its block")
            log.entries.append(row)
        else:
            log.take_block()
        if kind == "block":
            log.take_gap(row["first"])
            log.block, log.entries = row, []
        elif kind == "leaves":
            log.take_leaves(row)
        elif kind == "tile":
            log.stored[row["level"], row["index"]] = hashes(base64.b64decode(row["hashes"], validate=True))
        elif kind == "posting":
            log.findable[row["first"]].subtract([(row["term"], row["occurred_until"])])
        row = next(rows, {})
    log.take_block()
    log.take_gap(1 << 64)
    return log.name, log.tree.size, log.finish(), verify_chains(first, keys)

def say(asked):
    keys = read(asked.audit_key).decode().replace(",", "\n").split() if asked.audit_key else []
    expected, known = json.loads(read(asked.expect)) if asked.expect else {}, {}
    trust = {"origin": asked.origin, "log": asked.key, "witnesses": [], "threshold": 0}
    for note in map(read, asked.checkpoint):
        believe(known, check_trust(parse_checkpoint(note), trust))
    with open(asked.file, "rb") as lines:
        name, size, faults, (chains, at) = verify(lines, [bytes.fromhex(key) for key in keys], expected, known)
    for position, kind in faults:
        print(f"{name}: entry {position}: {kind}")
    for kind in chains:
        print(f"the set of logs: {kind}" + (f" (number {at})" if at is not None else ""))
    if not faults and not chains:
        print(f"{name} holds: {size} entries")
    return 1 if faults or chains else 0

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--audit-key", help="file with the keys of the ends of logs")
    parser.add_argument("--expect", help="file with an earlier answer of `audit verify --json`")
    parser.add_argument("--checkpoint", action="append", default=[], help="file with a checkpoint that was kept")
    parser.add_argument("--origin", help="the log that is believed")
    parser.add_argument("--key", action="append", default=[], help="a key of the log, or of its host")
    asked = parser.parse_args()
    return ended(lambda: say(asked))


if __name__ == "__main__":
    sys.exit(main())
