#!/usr/bin/env python3
"""A second verifier of scheduled exports of Caracal, written from the page "Form of the ledger" of the handbook.

  verify_parts.py DIRECTORY --key KEY... [--checkpoint NOTE...] [--pruned NOTE...]

It needs what `verify.py` beside it needs, and for parts in Parquet the package `duckdb`. Ends with 0 when everything holds, with 1 when
something does not (a line for each zone), and with 2 when it was asked wrongly or a part cannot be read for want of a package.
"""
import argparse
import json
import os
import re
import sys

from verify import Tree, Wrong, check_trust, content_hash, decimal, instant, leaf_hash, optional, parse_checkpoint, parse_prune, read_line

NAME = re.compile(r"_part-(\d{20})\.json")
FORMS = {"parquet": "parquet", "ndjson": "ndjson", "ocsf": "ocsf.ndjson"}
MEMBERS = {"format", "form", "origin", "zone_id", "first", "end", "before", "checkpoint"}
OCSF = re.compile(r'.*"unmapped":(\{"chain_seq":.*\})\}', re.ASCII | re.DOTALL)
COLUMNS = "position, epoch_us(taken_at), producer_key, content_sha256, event, id, epoch_us(occurred_at), event_type, request_id, decision"
COLUMNS += ", application_id, session_id, authority_record_id, labels"


def lines(path):
    with open(path, "rb") as file:
        for line in file:
            yield line.rstrip(b"\n")


def of_event(body):
    """What the columns of a table have to say of an event."""
    event = json.loads(body)
    about = event.get("metadata_json")
    about = about if isinstance(about, dict) else {}
    labels = about.get("agent_labels")
    labels = [label.replace("\0", "") for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    texts = [event.get(name, "").replace("\0", "") for name in ("event_type", "request_id", "decision")]
    named = [optional(about, name) for name in ("application_id", "agent_session_id", "session_id")]
    return [event["id"], instant(event["occurred_at"]), *texts, *named, labels]


def table(path, log):
    try:
        import duckdb
    except ImportError:
        sys.exit("verify_parts.py: a part is in Parquet, which needs duckdb: pip install duckdb")
    with duckdb.connect() as connection:
        try:
            rows = connection.execute(f"select {COLUMNS} from read_parquet(?, hive_partitioning = false)", [path]).fetchall()
        except duckdb.Error as error:
            raise ValueError("no table") from error
    for position, taken_at, key, said, body, *columns in rows:
        entry = {"log": log, "index": position - 1, "body": body, "taken_at": taken_at, "producer_key": key}
        if content_hash(entry).hex() != said or columns != of_event(body):
            raise Wrong("form", f"entry {position - 1} is not what its columns say")
        yield entry


def entries(form, path, log):
    if form == "parquet":
        yield from table(path, log)
        return
    for line in lines(path):
        if form == "ocsf":
            said = OCSF.fullmatch(line.decode())
            if not said or outer(line) != expected(said[1]):
                raise Wrong("form", "a line says of its entry what is not so")
            line = said[1].encode()
        elif not line.startswith(b'{"chain_seq":'):
            raise Wrong("form", "a line that is none of an export")
        yield read_line(line, log)


def outer(line):
    activity = json.loads(line)
    activity.pop("unmapped", None)
    return activity


def expected(line):
    """An API Activity of the schema, as the event makes it."""
    position = json.loads(line)["chain_seq"]
    event = json.loads(line)["event"]
    about = event.get("metadata_json")
    about = about if isinstance(about, dict) else {}
    known = {name: about[name] for name in ("application_id", "agent_session_id") if isinstance(about.get(name), str)}
    application = known.get("application_id", "unknown")
    kind, request = event.get("event_type", ""), event.get("request_id", "")
    denied = event.get("decision", "").lower() == "deny"
    return {
        "class_uid": 6003, "category_uid": 6, "activity_id": 99, "activity_name": kind, "type_uid": 600399,
        "severity_id": 2 if denied else 1, "status_id": 2 if denied else 1, "time": instant(event["occurred_at"]) // 1000,
        "metadata": {
            "version": "1.7.0", "product": {"name": "caracal", "vendor_name": "caracal"}, "uid": event["id"],
            "correlation_uid": request, "sequence": position, "tenant_uid": event["zone_id"],
        },
        "actor": {"app_uid": application}, "src_endpoint": {"uid": known.get("agent_session_id", application)},
        "api": {"operation": kind, "request": {"uid": request}},
    }  # fmt: skip


def verify_zone(root, zone, names, trust, kept):
    """The first entry and the one behind the last. `kept` has size and root of what was signed, as it was kept."""
    known = {}

    def believe(known, size, signed):
        if known.setdefault(size, signed) != signed:
            raise Wrong("split_view", f"two different logs were signed at {size} entries")

    for size, signed in kept:
        believe(known, size, signed)
    records, others = {}, set(names)
    for name in names:
        match = NAME.fullmatch(os.path.basename(name))
        if match and len(name.split("/")) == 4:
            first = decimal(match[1].lstrip("0") or "0") - 1
            others.discard(name)
            if first in records or first < 0:
                raise Wrong("stray", f"{name} belongs to no record")
            records[first] = name
    tree, begun = Tree(), None
    for first, name in sorted(records.items()):
        try:
            with open(os.path.join(root, name), "rb") as file:
                part = json.load(file)
            log = "ledger/" + part["zone_id"]
            whole = set(part) == MEMBERS and part["format"] == "caracal.evidence.part.v1" and part["form"] in FORMS
            before = Tree()
            before.size, before.peaks = part["first"], [bytes.fromhex(peak) for peak in part["before"]]
            fits = len(before.peaks) == bin(before.size).count("1") and all(len(peak) == 32 for peak in before.peaks)
            whole &= part["first"] == first < part["end"] and zone == "zone=" + part["zone_id"] and fits
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise Wrong("form", f"the record {name} cannot be read")
        try:
            signed = parse_checkpoint(part["checkpoint"].encode())
            check_trust(signed, {**trust, "origin": part["origin"]})
        except Wrong as wrong:
            raise Wrong("trust", f"the checkpoint of {name} is not believed: {wrong}") from None
        if not part["origin"].endswith("/" + log) or signed["size"] != part["end"]:
            raise Wrong("trust", f"the checkpoint of {name} is not believed: it is of another log or size")
        if begun is not None and tree.size != first:
            raise Wrong("gap", f"{name} begins at entry {first}, and {tree.size} is expected")
        if begun is not None and tree.peaks != before.peaks:
            raise Wrong("before", f"{name} does not continue the part before")
        tree, begun = before, first if begun is None else begun
        path = os.path.join(os.path.dirname(name), f"part-{first + 1:020}.{FORMS[part['form']]}")
        others.discard(path)
        roots = {size: root for size, root in known.items() if first <= size <= part["end"]}
        try:
            believe(roots, signed["size"], signed["root"])
        except Wrong as wrong:
            raise Wrong(wrong.kind, f"in {name}: {wrong}") from None
        if roots.get(first, tree.root()) != tree.root():
            raise Wrong("forked", f"in {name}: not the log that was signed at {first} entries")
        try:
            for entry in entries(part["form"], os.path.join(root, path), log):
                if entry["index"] != tree.size:
                    raise Wrong("gap", f"entry {entry['index']} stands where {tree.size} is expected")
                tree.append(leaf_hash(entry))
                if tree.size in roots and roots[tree.size] != tree.root():
                    raise Wrong("forked", f"not the log that was signed at {tree.size} entries")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Wrong("form", f"the entries of {name} are missing, cannot be read, or are not what their columns say") from error
        except Wrong as wrong:
            raise Wrong(wrong.kind, f"in {name}: {wrong}") from None
        if tree.size != part["end"] or tree.root() != signed["root"]:
            raise Wrong("forked", f"in {name}: not the log that was signed at {part['end']} entries")
    if known and max(known) > tree.size:
        raise Wrong("truncated", f"{max(known) - tree.size} entries at the end are missing")
    if others:
        raise Wrong("stray", f"{min(others)} belongs to no record")
    return begun or 0, tree.size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--key", action="append", required=True, help="a key of the deployment")
    parser.add_argument("--checkpoint", action="append", default=[], help="file with a checkpoint that was kept")
    parser.add_argument("--pruned", action="append", default=[], help="file with a prune checkpoint: compared like a checkpoint")
    asked = parser.parse_args()
    trust, zones, kept = {"log": asked.key, "witnesses": [], "threshold": 0}, {}, {}
    try:
        named = [(parse_checkpoint, path) for path in asked.checkpoint] + [(parse_prune, path) for path in asked.pruned]
        for parse, path in named:
            with open(path, "rb") as file:
                signed = parse(file.read())
            check_trust(signed, {**trust, "origin": signed["origin"]})
            size, top = (signed["size"], signed["root"]) if "size" in signed else (signed["tree"].size, signed["tree"].root())
            zone = "zone=" + signed["origin"].rpartition("/ledger/")[2]
            kept.setdefault(zone, []).append((size, top))
            zones.setdefault(zone, [])
    except (OSError, Wrong) as error:
        print(f"--checkpoint or --pruned: {error}", file=sys.stderr)
        return 2
    for directory, _, names in os.walk(asked.directory):
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), asked.directory)
            zones.setdefault(path.split(os.sep)[0], []).append(path)
    holds = bool(zones)
    for zone, names in sorted(zones.items()):
        try:
            first, end = verify_zone(asked.directory, zone, names, trust, kept.get(zone, []))
            print(f"{zone}: entries {first} to {end}, as signed")
        except Wrong as wrong:
            holds = False
            print(f"{zone}: does not hold: {wrong}")
    if not zones:
        print("nothing was exported there", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
