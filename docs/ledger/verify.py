#!/usr/bin/env python3
"""A second verifier of Caracal's evidence, written from the page "Form of the ledger" of the handbook, in the order of its sections.

It needs Python 3.9 and the package `cryptography` (47 or newer where checkpoints are signed with ML-DSA-44), and
shares no code with Caracal. What it prints can be believed by somebody who does not believe Caracal.

  verify.py receipt RECEIPT --origin ORIGIN --key KEY... [--witness KEY... --threshold N]
  verify.py export ENTRIES.ndjson --log LOG --checkpoint NOTE... [--pruned NOTE] --origin ORIGIN --key KEY... [--witness KEY...]
  verify.py pack PACK.tar --key KEY... [--witness KEY... --threshold N]

Ends with 0 when everything holds, with 1 when something does not, and with 2 when it was asked wrongly.
"""
import argparse
import base64
import datetime
import hashlib
import io
import json
import re
import sys
import tarfile

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_BODY, MAX_NAME, MAX_NOTE, MAX_SIGNATURES, MAX_RECEIPT = 1 << 20, 255, 256 << 10, 64, 2 << 20
NOTE, COSIGNATURE, ML_DSA = 0x01, 0x04, 0x06
KEY_BYTES = {NOTE: 32, COSIGNATURE: 32, ML_DSA: 1312}
SIGNATURE_BYTES = {NOTE: 64, COSIGNATURE: 64, ML_DSA: 2420}

class Wrong(Exception):
    """Something does not hold. `kind` names what, as the vectors do, and the text where."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind

def need(holds, kind, text):
    if not holds:
        raise Wrong(kind, text)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def u64(number):
    return number.to_bytes(8, "big")

def i64(number):
    return number.to_bytes(8, "big", signed=True)

def framed(*parts):
    """Parts, each after its length."""
    parts = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(u64(len(part)) + part for part in parts)

def decoded(data, what):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Wrong("form", f"{what} that is not text") from None

def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("form", f"not base64: {error}") from None
    need(base64.b64encode(data).decode() == text, "form", "not base64 in its only form")
    return data

def hashes(data):
    """Hashes that stand end to end."""
    need(len(data) % 32 == 0, "form", "hashes have 32 bytes")
    return [data[at : at + 32] for at in range(0, len(data), 32)]

def decimal(text):
    need(re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) and int(text) < 1 << 64, "form", f"not a number: {text!r}")
    return int(text)

def is_line(text):
    return 1 <= len(text.encode()) <= MAX_NAME and not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)

def is_key_name(name):
    return is_line(name) and not any(char.isspace() or char == "+" for char in name)


# --- Entries ---------------------------------------------------------------------------------------------------------------

DOMAIN = "caracal.evidence.entry.v1"

def encode_entry(entry):
    return framed(DOMAIN, entry["log"], u64(entry["index"]), entry["body"], i64(entry["taken_at"]), entry["producer_key"])

def decode_entry(data):
    parts = []
    for _ in range(6):
        length = int.from_bytes(data[:8], "big")
        need(8 + length <= len(data), "form", "an entry that ends too early")
        parts.append(data[8 : 8 + length])
        data = data[8 + length :]
    domain, log, index, body, at, key = parts
    need(not data and domain == DOMAIN.encode() and len(index) == len(at) == 8, "form", "not an entry")
    bounded = 1 <= len(log) <= MAX_NAME and len(body) <= MAX_BODY and len(key) <= MAX_NAME
    need(bounded, "form", "an entry beyond its bounds")
    log, body, key = (decoded(part, "an entry") for part in (log, body, key))
    index, at = int.from_bytes(index, "big"), int.from_bytes(at, "big", signed=True)
    return {"log": log, "index": index, "body": body, "taken_at": at, "producer_key": key}

def content_hash(entry):
    return sha256(encode_entry(entry))

def leaf_hash(entry):
    return sha256(b"\0", content_hash(entry))


# --- Trees (RFC 6962, RFC 9162) ----------------------------------------------------------------------------------------------

def node_hash(left, right):
    return sha256(b"\1", left, right)

class Tree:
    """The right edge of a growing tree: the roots of its perfect subtrees, from left to right."""

    def __init__(self, size=0, peaks=()):
        whole = len(peaks) == bin(size).count("1") and all(len(peak) == 32 for peak in peaks)
        need(whole, "form", "roots of subtrees that make no tree")
        self.size, self.peaks = size, list(peaks)

    def is_as_signed(self, known):
        return self.size not in known or known[self.size] == self.root()

    def append(self, leaf):
        carried = self.size
        while carried & 1:
            leaf, carried = node_hash(self.peaks.pop(), leaf), carried >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        root = self.peaks[-1] if self.peaks else sha256()
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

def sides(node, last, proof):
    """For each hash of a proof whether it stands on the left, where `node` is one of those from 0 to `last`; None where the proof
    is too long or too short."""
    found = []
    for _ in proof:
        if last == 0:
            return None
        found.append(bool(node & 1 or node == last))
        while found[-1] and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return found if last == 0 else None

def proves_inclusion(leaf, index, size, proof, root):
    stand = sides(index, size - 1, proof) if index < size else None
    for sibling, is_left in zip(proof, stand or ()):
        leaf = node_hash(sibling, leaf) if is_left else node_hash(leaf, sibling)
    return stand is not None and leaf == root

def proves_consistency(old_size, new_size, proof, old_root, new_root):
    if old_size in (0, new_size):
        return not proof and old_size <= new_size and old_root == (new_root if old_size == new_size else sha256())
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # The proof begins with the largest perfect subtree at the end of the old tree, unless that is all of it.
    proof = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    stand = sides(node, last, proof[1:]) if proof and old_size < new_size else None
    old = new = proof[0] if proof else b""
    for sibling, is_left in zip(proof[1:], stand or ()):
        old = node_hash(sibling, old) if is_left else old
        new = node_hash(sibling, new) if is_left else node_hash(new, sibling)
    return stand is not None and (old, new) == (old_root, new_root)


# --- Checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ---------------------------------------------------------

def named_key(name, data):
    """A public key, which stands after its kind, under a name."""
    return {"name": name, "id": sha256(name.encode(), b"\n", data)[:4], "kind": data[0], "data": data}

def parse_key(text):
    name, _, rest = text.partition("+")
    key_id, _, data = rest.partition("+")
    need(is_key_name(name), "form", "a key is a name, an id and base64, joined by plus signs")
    data = unbase64(data)
    need(data and len(data) - 1 == KEY_BYTES.get(data[0]), "form", "a key of an unknown kind or length")
    key = named_key(name, data)
    need(key["id"].hex() == key_id, "form", "a key whose id belongs to another")
    return key

def parse_note(data):
    need(len(data) <= MAX_NOTE, "form", "a note of more than 256 KiB")
    note = decoded(data, "a note")
    need(not any(ord(char) < 32 and char != "\n" for char in note), "form", "a note with control characters")
    text, found, lines = note.rpartition("\n\n")
    need(found and lines.endswith("\n"), "form", "a note without signatures")
    lines, signatures = lines[:-1].split("\n"), []
    need(len(lines) <= MAX_SIGNATURES, "form", "a note with too many signatures")
    for line in lines:
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        need(dash == "\u2014" and is_key_name(name), "form", "a line that is no signature")
        signature = unbase64(signature)
        need(len(signature) >= 5, "form", "a signature that is too short")
        signatures.append((name, signature[:4], signature[4:]))
    return {"text": text + "\n", "signatures": signatures}

def parse_checkpoint(data):
    note = parse_note(data)
    lines = note["text"][:-1].split("\n")
    need(len(lines) == 3, "form", "a checkpoint has three lines")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2])
    need(is_line(origin) and len(root) == 32, "form", "a checkpoint with another origin or root than there can be")
    return {**note, "origin": origin, "size": size, "root": root}

def is_signed(note, key, signature):
    """Whether a key made this signature of a checkpoint, or of a prune checkpoint, which has no time."""
    message, kind = note["text"].encode(), key["kind"]
    if kind != NOTE and "peaks" not in note:
        time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        if time >= 1 << 63:
            return False
        if kind == COSIGNATURE:
            message = b"cosignature/v1\ntime %d\n" % time + message
        else:
            name, origin = (bytes([len(part)]) + part for part in (key["name"].encode(), note["origin"].encode()))
            message = b"subtree/v1\n\0" + name + u64(time) + origin + u64(0) + u64(note["size"]) + note["root"]
    if len(signature) != SIGNATURE_BYTES[kind]:
        return False
    try:
        if kind == ML_DSA:
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey as PublicKey
        else:
            PublicKey = Ed25519PublicKey
        PublicKey.from_public_bytes(key["data"][1:]).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    except (ImportError, UnsupportedAlgorithm):
        sys.exit("verify.py: ML-DSA-44 needs a newer `cryptography`: pip install -U cryptography")
    return True

def check_trust(note, trust):
    """The note, if a key of the log and enough witnesses signed it, and no known key did so wrongly."""
    origin = trust["origin"]
    need(note["origin"] == origin, "trust", f"a checkpoint of the log {note['origin']!r}")

    def of_log(key):
        """A deployment's key is named by its host and signs each log under the log's own name."""
        below = origin.startswith(key["name"] + "/") and is_key_name(origin)
        return named_key(origin, key["data"]) if below else key

    def signers(keys):
        names = set()
        for key in keys:
            for name, key_id, signature in note["signatures"]:
                if (name, key_id) == (key["name"], key["id"]):
                    need(is_signed(note, key, signature), "trust", f"the signature of {name!r} does not verify")
                    names.add(name)
        return names

    need(signers(of_log(parse_key(key)) for key in trust["log"]), "trust", "no known key of the log signed")
    witnesses = len(signers(map(parse_key, trust["witnesses"])))
    need(witnesses >= trust["threshold"], "trust", f"{witnesses} witnesses signed where {trust['threshold']} are needed")
    return note

def believe(known, signed):
    """Adds what was signed to the known roots by their sizes."""
    size, root = signed["size"], signed["root"]
    need(known.setdefault(size, root) == root, "split_view", f"two different logs were signed at {size} entries")


# --- Receipts (C2SP tlog-proof) ------------------------------------------------------------------------------------------------

RECEIPT = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra ([^\n]*)\nindex ([^\n]*)((?:\n[^\n]+){0,64})\n\n(.*)", re.DOTALL
)

def verify_receipt(data, trust):
    """The entry that the receipt proves."""
    need(len(data) <= MAX_RECEIPT, "form", "a receipt of more than 2 MiB")
    parts = RECEIPT.fullmatch(decoded(data, "a receipt"))
    need(parts, "form", "not a receipt")
    entry, index = decode_entry(unbase64(parts[1])), decimal(parts[2])
    proof = [unbase64(line) for line in parts[3].split("\n")[1:]]
    need(all(len(part) == 32 for part in proof), "form", "a proof of something else than hashes")
    checkpoint = check_trust(parse_checkpoint(parts[4].encode()), trust)
    here = entry["index"] == index and checkpoint["origin"].endswith("/" + entry["log"])
    need(here, "proof", "the entry stands elsewhere by its own words")
    leads = proves_inclusion(leaf_hash(entry), index, checkpoint["size"], proof, checkpoint["root"])
    need(leads, "proof", "the proof does not lead from the entry to the root")
    return entry


# --- Prune checkpoints -----------------------------------------------------------------------------------------------------

PRUNE = re.compile(
    r"caracal\.evidence\.prune\.v1\n([^\n]*)\n([^\n]*)\n([^\n]*)\n"
    r"time ([^\n]*)\nreason ([^\n]*)\npeaks ([^\n]*)\n((?:kept [^ \n]* [^ \n]*\n){0,1024})"
)

def parse_prune(data):
    """That the bodies of the first entries were deleted on purpose, but for the ranges that are kept."""
    note = parse_note(data)
    lines = PRUNE.fullmatch(note["text"])
    need(lines, "form", "not a prune checkpoint")
    origin, size, root, time, reason, peaks, kept = lines.groups()
    need(is_line(origin) and is_line(reason), "form", "a prune checkpoint with another origin or reason than there can be")
    decimal(time)
    tree = Tree(decimal(size), [unbase64(peak) for peak in peaks.split(" ")])
    need(tree.size and tree.root() == unbase64(root), "form", "a prune checkpoint whose tree is none")
    ranges, after = [], -1
    for line in kept.splitlines():
        start, end = map(decimal, line.split(" ")[1:])
        need(after < start < end <= tree.size, "form", "a prune checkpoint that keeps what cannot be kept")
        ranges, after = ranges + [range(start, end)], end
    return {**note, "origin": origin, "size": tree.size, "root": tree.root(), "peaks": tree.peaks, "kept": ranges}

def permits(prune, index):
    return prune is not None and index < prune["size"] and not any(index in kept for kept in prune["kept"])


# --- Exports ---------------------------------------------------------------------------------------------------------------

def verify_export(entries, log, notes, trust, pruned=None):
    """The size of the log that the entries and the checkpoints agree on."""
    prune, known, tree, proved = None, {}, Tree(), 0
    if pruned is not None:
        prune = check_trust(parse_prune(pruned), {**trust, "threshold": 0})
        believe(known, prune)
    for note in notes:
        believe(known, check_trust(parse_checkpoint(note), trust))

    def compare():
        nonlocal proved
        as_signed = tree.is_as_signed(known)
        need(as_signed, "forked", f"not the log that was signed at {tree.size} entries; it was up to {proved}")
        proved = tree.size if tree.size in known else proved

    compare()
    for entry in entries:
        need(entry["log"] == log, "log", f"entry {tree.size} is of another log")
        if prune and tree.size == 0 and "leaves" not in entry and entry["index"] == prune["size"]:
            if prune["kept"]:
                raise Wrong("missing", f"entry {prune['kept'][0].start} is held, and missing")
            covered = any(0 < size < prune["size"] for size in known)
            need(not covered, "unproved", "a checkpoint lies in the pruned part: compare it with the hashes or the archive")
            tree = Tree(prune["size"], prune["peaks"])
            compare()
        need(entry["index"] == tree.size, "gap", f"entry {entry['index']} stands where {tree.size} is expected")
        if "leaves" not in entry:
            tree.append(leaf_hash(entry))
            compare()
            continue
        for leaf in hashes(unbase64(entry["leaves"])) or [b""]:
            need(leaf, "form", "an entry without leaves")
            permitted = permits(prune, tree.size)
            need(permitted, "missing", f"entry {tree.size} is missing, and no prune checkpoint says that it may be")
            tree.append(leaf)
            compare()
    missing = max(known, default=0) - tree.size
    need(missing <= 0, "truncated", f"{missing} entries at the end are missing")
    return proved

EXPORTED = re.compile(
    r'\{"chain_seq":([1-9]\d*),"ingested_at":"([^"]*)","content_sha256":"([0-9a-f]{64})",'
    r'"producer_key":("(?:[^"\\]|\\.)*"),"event":(.*)\}',
    re.ASCII,
)

def read_line(line, log):
    """An entry as the vectors have it, or as `caracald audit export` and the parts of an export in `ndjson` do."""
    said = EXPORTED.fullmatch(line.decode())
    if not said:
        return json.loads(line)
    at, key = instant(said[2]), json.loads(said[4])
    entry = {"log": log, "index": int(said[1]) - 1, "body": said[5], "taken_at": at, "producer_key": key}
    same = content_hash(entry).hex() == said[3]
    need(same, "form", f"entry {entry['index']} is not the one whose hash stands beside it")
    return entry

def instant(text):
    """Microseconds of the Unix epoch; further digits are cut."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII)
    need(match, "form", f"not a date-time: {text!r}")
    day, time, digits, zone = match.groups()
    at = datetime.datetime.fromisoformat(f"{day}T{time}" + ("+00:00" if zone in "Zz" else zone))
    seconds = (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(seconds=1)
    return seconds * 1_000_000 + int((digits or "").ljust(6, "0")[:6])


# --- Packs -----------------------------------------------------------------------------------------------------------------

MANIFEST = dict.fromkeys(("format", "pack", "made_at", "origin", "zone_id", "completeness"), str)
MANIFEST |= {"size": int, "entries": int, "asked": dict, "files": list}
ASKED = {**dict.fromkeys(("session_id", "subject_id", "since", "until"), str), "authority_record_ids": list}
FILE = {"name": str, "bytes": int, "sha256": str}
ENTRY = {"index": int, "body": str, "taken_at": int, "producer_key": str, "proof": list}

def exactly(value, members, what, all_of_them=True):
    """`value` when it is an object of members of these types."""
    known = isinstance(value, dict) and all(type(value[name]) is members.get(name) for name in value)
    need(known, "form", f"{what} of another form")
    need(not all_of_them or len(value) == len(members), "form", f"{what} without all of its members")
    return value

def parse_json(data, what):
    try:
        return json.loads(data)
    except ValueError:
        raise Wrong("form", f"{what} that is not JSON") from None

def parse_manifest(data):
    manifest = exactly(parse_json(data, "a manifest"), MANIFEST, "a manifest")
    exactly(manifest["asked"], ASKED, "what was asked", all_of_them=False)
    for file in manifest["files"]:
        exactly(file, FILE, "a file of the manifest")
    need(manifest["format"] == "caracal.evidence.pack.v1", "form", "a pack of another form")
    return manifest

def verify_packed(line, number, log, checkpoint):
    """The index and the event of a line of the entries."""
    what = f"line {number} of the entries"
    packed = exactly(parse_json(line, what), ENTRY, what)
    index = packed["index"]
    try:
        leaf, proof = leaf_hash({**packed, "log": log}), [unbase64(part) for part in packed["proof"]]
    except (OverflowError, TypeError, UnicodeEncodeError):
        raise Wrong("form", f"{what} is no entry") from None
    leads = proves_inclusion(leaf, index, checkpoint["size"], proof, checkpoint["root"])
    need(leads, "proof", f"entry {index} (line {number}): its proof does not lead to the root")
    event = parse_json(packed["body"], f"entry {index}")
    need(isinstance(event, dict), "form", f"entry {index} is no event")
    return index, event

def about(event):
    """What an event is about."""
    metadata = event.get("metadata_json")
    return metadata if isinstance(metadata, dict) else {}

def optional(value, name):
    found = value.get(name)
    return found.replace("\0", "") if isinstance(found, str) and found else None

def picks(asked, event):
    """Whether an event is asked for by what it says itself, and its session where it happened in the span."""
    at, records = instant(event["occurred_at"]), asked.get("authority_record_ids", [])
    session, record = (optional(about(event), name) or "" for name in ("agent_session_id", "session_id"))
    spans = ("since" not in asked or at >= instant(asked["since"])) and ("until" not in asked or at < instant(asked["until"]))
    met = asked.get("session_id") in (None, session) and (not records or record in records)
    return spans and met, session if spans else ""

def verify_pack(archive, trust):
    """What the pack says of itself."""
    members = list(archive)
    need(all(member.isreg() for member in members), "file", "something in the pack is no plain file")
    names, contents = [member.name for member in members], [archive.extractfile(member).read() for member in members]
    need(names[:2] == ["manifest.json", "manifest.checkpoint"], "file", "the pack does not begin with its manifest")
    manifest, signature = parse_manifest(contents[0]), parse_checkpoint(contents[1])
    asked, log = manifest["asked"], "ledger/" + manifest["zone_id"]
    host = manifest["origin"][: -len(log) - 1]
    need(manifest["origin"] == f"{host}/{log}", "form", "a manifest whose log is of another zone")
    check_trust(signature, {**trust, "origin": f"{host}/packs/{manifest['pack']}", "threshold": 0})
    whole = (signature["size"], signature["root"]) == (1, sha256(b"\0", sha256(contents[0])))
    need(whole, "trust", "the manifest is not the one that was signed")
    need(names[2:] == [file["name"] for file in manifest["files"]], "file", "the pack has other files than its manifest names")
    for file, content in zip(manifest["files"], contents[2:]):
        same = (len(content), sha256(content).hex()) == (file["bytes"], file["sha256"])
        need(same, "file", f"the file {file['name']!r} is not the one that was packed")
    files = dict(zip(names, contents))
    need({"checkpoint", "entries.ndjson"} <= files.keys(), "file", "a pack without checkpoint or entries")
    checkpoint = check_trust(parse_checkpoint(files["checkpoint"]), {**trust, "origin": manifest["origin"]})
    fits = checkpoint["size"] == manifest["size"]
    need(fits, "file", "the checkpoint is of another size than the manifest says")
    count, last, requests, sessions, related = 0, -1, set(), set(), []
    for count, line in enumerate(io.BytesIO(files["entries.ndjson"]), 1):
        index, event = verify_packed(line, count, log, checkpoint)
        need(index > last, "file", f"entry {index} (line {count}) stands behind a later one")
        need(event.get("zone_id") == manifest["zone_id"], "asked", f"entry {index} is of another zone")
        last, request, (picked, session) = index, event.get("request_id", ""), picks(asked, event)
        if picked:
            requests.add(request)
            sessions.add(session)
        else:
            related.append((index, session, request))
    need(count == manifest["entries"], "file", f"{count} entries, and the manifest says {manifest['entries']}")
    # Where records are asked for and no session, so are their sessions; where a session or records are, so are their requests.
    of_session, of_records = "session_id" in asked, bool(asked.get("authority_record_ids"))
    sessions = sessions - {""} if of_records and not of_session else set()
    requests = requests if of_session or of_records else set()
    requests |= {request for _, session, request in related if session in sessions}
    for index, session, request in related:
        belongs = session in sessions or request in requests - {""}
        need(belongs, "asked", f"entry {index} is not what was asked for")
    return manifest


# --- The commands ------------------------------------------------------------------------------------------------------------

def read(path):
    with open(path, "rb") as file:
        return file.read()

def ended(work):
    """What a program ends with."""
    try:
        return work()
    except (Wrong, tarfile.TarError) as wrong:
        print(f"does not hold: {wrong}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2

def say(asked):
    trust = {"log": asked.key, "witnesses": asked.witness, "threshold": asked.threshold}
    if asked.command == "receipt":
        print(verify_receipt(read(asked.file), {**trust, "origin": asked.origin})["body"])
    elif asked.command == "pack":
        with tarfile.open(asked.file, "r:") as archive:
            manifest = verify_pack(archive, trust)
        print(f"holds: {manifest['entries']} events of the first {manifest['size']} entries of {manifest['origin']}")
        print(f"asked for: {json.dumps(manifest['asked'])}\nmade at {manifest['made_at']}\n{manifest['completeness']}")
    else:
        entries = (read_line(line, asked.log) for line in read(asked.file).split(b"\n") if line)
        notes, pruned = map(read, asked.checkpoint), asked.pruned and read(asked.pruned)
        proved = verify_export(entries, asked.log, notes, {**trust, "origin": asked.origin}, pruned)
        print(f"holds up to {proved} entries")
        if pruned is not None:
            print(f"the bodies of the first {parse_prune(pruned)['size']} entries may be missing")
    return 0

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("receipt", "export", "pack"):
        command = commands.add_parser(name)
        command.add_argument("file")
        if name != "pack":
            command.add_argument("--origin", required=True, help="the log that is believed")
        command.add_argument("--key", action="append", required=True, help="a key of the log, or of its host")
        command.add_argument("--witness", action="append", default=[], help="a key of a witness")
        command.add_argument("--threshold", type=int, default=0, help="how many witnesses have to have signed")
        if name == "export":
            command.add_argument("--log", required=True, help="such as ledger/ZONE")
            command.add_argument("--checkpoint", action="append", required=True, help="file with one")
            command.add_argument("--pruned", help="file with the prune checkpoint of a log whose beginning is gone")
    asked = parser.parse_args()
    return ended(lambda: say(asked))


if __name__ == "__main__":
    sys.exit(main())
