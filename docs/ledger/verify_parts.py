#!/usr/bin/env python3
"""A second verifier of scheduled exports of Caracal, written from the section "Parts" of the page "Form of the ledger" of the
handbook.

  verify_parts.py DIRECTORY --key KEY... [--checkpoint NOTE...] [--pruned NOTE...]

It needs what `verify.py` beside it needs, and for parts in Parquet the package `duckdb`. Ends with 0 when everything holds, with 1 when
something does not (a line for each zone), and with 2 when it was asked wrongly or a part cannot be read for want of a package.
"""
import argparse
import json
import os
import re
import sys

from verify import Tree, Wrong, about, believe, check_trust, content_hash, decimal, instant, leaf_hash, need, optional
from verify import parse_checkpoint, parse_prune, read, read_line

NAME = re.compile(r"_part-(\d{20})\.json")
FORMS = {"parquet": "parquet", "ndjson": "ndjson", "ocsf": "ocsf.ndjson"}
MEMBERS = {"format", "form", "origin", "zone_id", "first", "end", "before", "checkpoint"}
OCSF = re.compile(r'.*"unmapped":(\{"chain_seq":.*\})\}', re.ASCII | re.DOTALL)
COLUMNS = "position, epoch_us(taken_at), producer_key, content_sha256, event, id, epoch_us(occurred_at), event_type, request_id, decision"
COLUMNS += ", application_id, session_id, authority_record_id, labels"


# --- The entries of a part ---------------------------------------------------------------------------------------------------

def of_event(body):
    """What the columns of a table have to say of an event."""
    event = json.loads(body)
    labels = about(event).get("agent_labels")
    labels = [label.replace("\0", "") for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    texts = [event.get(name, "").replace("\0", "") for name in ("event_type", "request_id", "decision")]
    named = [optional(about(event), name) for name in ("application_id", "agent_session_id", "session_id")]
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
        same = content_hash(entry).hex() == said and columns == of_event(body)
        need(same, "form", f"entry {position - 1} is not what its columns say")
        yield entry

def activity(line):
    """An API Activity of the schema of OCSF, as an exported line makes it."""
    said = json.loads(line)
    event = said["event"]
    known = {name: about(event).get(name) for name in ("application_id", "agent_session_id")}
    known = {name: text for name, text in known.items() if isinstance(text, str)}
    application = known.get("application_id", "unknown")
    kind, request = event.get("event_type", ""), event.get("request_id", "")
    severity = 2 if event.get("decision", "").lower() == "deny" else 1
    return {
        "class_uid": 6003, "category_uid": 6, "activity_id": 99, "activity_name": kind, "type_uid": 600399,
        "severity_id": severity, "status_id": severity, "time": instant(event["occurred_at"]) // 1000,
        "metadata": {
            "version": "1.7.0", "product": {"name": "caracal", "vendor_name": "caracal"}, "uid": event["id"],
            "correlation_uid": request, "sequence": said["chain_seq"], "tenant_uid": event["zone_id"],
        },
        "actor": {"app_uid": application}, "src_endpoint": {"uid": known.get("agent_session_id", application)},
        "api": {"operation": kind, "request": {"uid": request}},
    }  # fmt: skip

def entries(form, path, log):
    if form == "parquet":
        yield from table(path, log)
        return
    with open(path, "rb") as file:
        for line in file:
            line = line.rstrip(b"\n")
            if form == "ocsf":
                said = OCSF.fullmatch(line.decode())
                outer = {name: value for name, value in json.loads(line).items() if name != "unmapped"}
                need(said and outer == activity(said[1]), "form", "a line says of its entry what is not so")
                line = said[1].encode()
            need(line.startswith(b'{"chain_seq":'), "form", "a line that is none of an export")
            yield read_line(line, log)


# --- Parts -------------------------------------------------------------------------------------------------------------------

def read_part(root, zone, name, first, trust):
    """A part by its record: the record, the tree before it, and what was signed of the tree after it."""
    try:
        part = json.loads(read(os.path.join(root, name)))
        before, log = Tree(part["first"], [bytes.fromhex(peak) for peak in part["before"]]), "/ledger/" + part["zone_id"]
        whole = set(part) == MEMBERS and part["format"] == "caracal.evidence.part.v1" and part["form"] in FORMS
        whole = whole and part["first"] == first < part["end"] and zone == "zone=" + part["zone_id"]
    except (ValueError, KeyError, TypeError, Wrong):
        whole = False
    need(whole, "form", f"the record {name} cannot be read")
    try:
        signed = check_trust(parse_checkpoint(part["checkpoint"].encode()), {**trust, "origin": part["origin"]})
        ours = part["origin"].endswith(log) and signed["size"] == part["end"]
        need(ours, "trust", "it is of another log or size")
    except Wrong as wrong:
        raise Wrong("trust", f"the checkpoint of {name} is not believed: {wrong}") from None
    return part, before, signed

def take_part(tree, part, path, known):
    """Grows the tree by the entries of a part, which is compared with what is known of it."""
    def compare():
        need(tree.is_as_signed(known), "forked", f"not the log that was signed at {tree.size} entries")

    compare()
    for entry in entries(part["form"], path, "ledger/" + part["zone_id"]):
        need(entry["index"] == tree.size, "gap", f"entry {entry['index']} stands where {tree.size} is expected")
        tree.append(leaf_hash(entry))
        compare()
    need(tree.size == part["end"], "forked", f"not the log that was signed at {part['end']} entries")

def verify_zone(root, zone, names, trust, kept):
    """The first entry and the one behind the last. `kept` is what was signed, as it was kept."""
    known, records, others, tree = {}, {}, set(names), None
    for signed in kept:
        believe(known, signed)
    for name in names:
        match = NAME.fullmatch(os.path.basename(name))
        if match and len(name.split("/")) == 4:
            first = decimal(match[1].lstrip("0") or "0") - 1
            need(first >= 0 and first not in records, "stray", f"{name} belongs to no record")
            records[first] = name
            others.discard(name)
    for first, name in sorted(records.items()):
        part, before, signed = read_part(root, zone, name, first, trust)
        if tree:
            need(tree.size == first, "gap", f"{name} begins at entry {first}, and {tree.size} is expected")
            need(tree.peaks == before.peaks, "before", f"{name} does not continue the part before")
        tree, path = before, os.path.join(os.path.dirname(name), f"part-{first + 1:020}.{FORMS[part['form']]}")
        others.discard(path)
        try:
            of_part = {size: signed_root for size, signed_root in known.items() if first <= size <= part["end"]}
            believe(of_part, signed)
            take_part(tree, part, os.path.join(root, path), of_part)
        except Wrong as wrong:
            raise Wrong(wrong.kind, f"in {name}: {wrong}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise Wrong("form", f"the entries of {name} are missing, cannot be read, or are not what their columns say") from None
    end = tree.size if tree else 0
    missing = max(known, default=0) - end
    need(missing <= 0, "truncated", f"{missing} entries at the end are missing")
    need(not others, "stray", f"{min(others, default='')} belongs to no record")
    return min(records, default=0), end


# --- The command -------------------------------------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--key", action="append", required=True, help="a key of the deployment")
    parser.add_argument("--checkpoint", action="append", default=[], help="file with a checkpoint that was kept")
    parser.add_argument("--pruned", action="append", default=[], help="file with a prune checkpoint: compared like a checkpoint")
    asked = parser.parse_args()
    trust, zones, kept = {"log": asked.key, "witnesses": [], "threshold": 0}, {}, {}
    try:
        for signed in [parse_checkpoint(read(path)) for path in asked.checkpoint] + [parse_prune(read(path)) for path in asked.pruned]:
            check_trust(signed, {**trust, "origin": signed["origin"]})
            zone = "zone=" + signed["origin"].rpartition("/ledger/")[2]
            kept.setdefault(zone, []).append(signed)
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
