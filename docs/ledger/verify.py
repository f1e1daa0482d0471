#!/usr/bin/env python3
"""A second verifier of Caracal's evidence, written from the page "Form of the ledger" of the handbook.

It needs Python 3.9 and the package `cryptography` (47 or newer where checkpoints are signed with ML-DSA-44), and
shares no code with Caracal. What it prints can be believed by somebody who does not believe Caracal.

  verify.py receipt RECEIPT --origin ORIGIN --key KEY... [--witness KEY... --threshold N]
  verify.py export ENTRIES.ndjson --log LOG --checkpoint NOTE... [--pruned NOTE] --origin ORIGIN --key KEY... [--witness KEY...]
  verify.py pack PACK.tar --key KEY... [--witness KEY... --threshold N]

Ends with 0 when everything holds, with 1 when something does not, and with 2 when it was asked wrongly.
"""
import argparse
import base64
import binascii
import datetime
import hashlib
import json
import re
import struct
import sys
import tarfile

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOMAIN = b"caracal.evidence.entry.v1"
MAX_BODY, MAX_NAME, MAX_NOTE, MAX_SIGNATURES = 1 << 20, 255, 256 << 10, 64
MAX_RECEIPT = 2 << 20
NOTE, COSIGNATURE, ML_DSA = 0x01, 0x04, 0x06
KEY_BYTES = {NOTE: 32, COSIGNATURE: 32, ML_DSA: 1312}
SIGNATURE_BYTES = {NOTE: 64, COSIGNATURE: 64, ML_DSA: 2420}


class Wrong(Exception):
    """Something does not hold. `kind` names what, as the vectors do, and the text where."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong("form", f"not base64: {error}") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong("form", "not base64 in its only form")
    return data


def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) or int(text) >= 1 << 64:
        raise Wrong("form", f"not a number: {text!r}")
    return int(text)


def is_key_name(name):
    bad = any(char.isspace() or ord(char) < 32 or 127 <= ord(char) < 160 or char == "+" for char in name)
    return 1 <= len(name.encode()) <= MAX_NAME and not bad


# --- entries -------------------------------------------------------------------------------------------------------


def encode_entry(entry):
    parts = [
        DOMAIN,
        entry["log"].encode(),
        struct.pack(">Q", entry["index"]),
        entry["body"].encode(),
        struct.pack(">q", entry["taken_at"]),
        entry["producer_key"].encode(),
    ]
    return b"".join(struct.pack(">Q", len(part)) + part for part in parts)


def decode_entry(data):
    parts, rest = [], data
    for _ in range(6):
        if len(rest) < 8:
            raise Wrong("form", "an entry that ends too early")
        (length,) = struct.unpack(">Q", rest[:8])
        if length > len(rest) - 8:
            raise Wrong("form", "an entry that ends too early")
        parts.append(rest[8 : 8 + length])
        rest = rest[8 + length :]
    domain, log, index, body, at, key = parts
    if rest or domain != DOMAIN or len(index) != 8 or len(at) != 8:
        raise Wrong("form", "not an entry")
    if not 1 <= len(log) <= MAX_NAME or len(body) > MAX_BODY or len(key) > MAX_NAME:
        raise Wrong("form", "an entry beyond its bounds")
    try:
        log, body, key = log.decode(), body.decode(), key.decode()
    except UnicodeDecodeError:
        raise Wrong("form", "an entry that is not text") from None
    (index,), (at,) = struct.unpack(">Q", index), struct.unpack(">q", at)
    return {"log": log, "index": index, "body": body, "taken_at": at, "producer_key": key}


def content_hash(entry):
    return sha256(encode_entry(entry))


def leaf_hash(entry):
    return sha256(b"\0", content_hash(entry))


# --- trees (RFC 6962, RFC 9162) --------------------------------------------------------------------------------------


def node_hash(left, right):
    return sha256(b"\1", left, right)


class Tree:
    """The right edge of a growing tree."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def append(self, leaf):
        carried = self.size
        while carried & 1:
            leaf, carried = node_hash(self.peaks.pop(), leaf), carried >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def proves_inclusion(leaf, index, size, proof, root):
    if index >= size:
        return False
    node, last, made = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            made = node_hash(sibling, made)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            made = node_hash(made, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and made == root


def proves_consistency(old_size, new_size, proof, old_root, new_root):
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size > new_size:
        return False
    if old_size == 0:
        return not proof and old_root == sha256()
    node, last, rest = old_size - 1, new_size - 1, list(proof)
    while node & 1:
        node, last = node >> 1, last >> 1
    if old_size & (old_size - 1):
        if not rest:
            return False
        first = rest.pop(0)
    else:
        first = old_root
    old, new = first, first
    for sibling in rest:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


# --- notes and checkpoints (C2SP) ------------------------------------------------------------------------------------


def parse_key(text):
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise Wrong("form", "a key is a name, an id and base64, joined by plus signs")
    data = unbase64(parts[2])
    if not data or len(data) - 1 != KEY_BYTES.get(data[0]):
        raise Wrong("form", "a key of an unknown kind or length")
    key_id = sha256(parts[0].encode(), b"\n", data)[:4]
    if key_id.hex() != parts[1]:
        raise Wrong("form", "a key whose id belongs to another")
    return {"name": parts[0], "id": key_id, "kind": data[0], "key": data[1:]}


def parse_note(data):
    if len(data) > MAX_NOTE:
        raise Wrong("form", "a note of more than 256 KiB")
    try:
        note = data.decode()
    except UnicodeDecodeError:
        raise Wrong("form", "a note that is not UTF-8") from None
    if any(ord(char) < 32 and char != "\n" for char in note):
        raise Wrong("form", "a note with control characters")
    body, found, lines = note.rpartition("\n\n")
    if not found or not lines.endswith("\n"):
        raise Wrong("form", "a note without signatures")
    lines = lines[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Wrong("form", "a note with too many signatures")
    signatures = []
    for line in lines:
        parts = line.split(" ", 2)
        if len(parts) != 3 or parts[0] != "\u2014" or not is_key_name(parts[1]):
            raise Wrong("form", "a line that is no signature")
        signature = unbase64(parts[2])
        if len(signature) < 5:
            raise Wrong("form", "a signature that is too short")
        signatures.append((parts[1], signature[:4], signature[4:]))
    return body + "\n", signatures


def parse_checkpoint(data):
    text, signatures = parse_note(data)
    lines = text[:-1].split("\n")
    if len(lines) != 3:
        raise Wrong("form", "a checkpoint has three lines")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2])
    bad = any(ord(char) < 32 or 127 <= ord(char) < 160 for char in origin)
    if bad or not 1 <= len(origin.encode()) <= MAX_NAME or len(root) != 32:
        raise Wrong("form", "a checkpoint with another origin or root than there can be")
    return {"origin": origin, "size": size, "root": root, "text": text, "signatures": signatures}


def verify_line(checkpoint, key, signature):
    time, is_prune = 0, "tree" in checkpoint
    if key["kind"] != NOTE and not is_prune:
        if len(signature) < 8:
            return False
        (time,) = struct.unpack(">Q", signature[:8])
        signature = signature[8:]
    if time >= 1 << 63 or len(signature) != SIGNATURE_BYTES[key["kind"]]:
        return False
    message = checkpoint["text"].encode()
    if key["kind"] == COSIGNATURE and not is_prune:
        message = b"cosignature/v1\ntime %d\n" % time + message
    elif key["kind"] == ML_DSA and not is_prune:
        name, origin = key["name"].encode(), checkpoint["origin"].encode()
        message = b"subtree/v1\n\0" + bytes([len(name)]) + name + struct.pack(">Q", time)
        message += bytes([len(origin)]) + origin + struct.pack(">QQ", 0, checkpoint["size"]) + checkpoint["root"]
    try:
        if key["kind"] == ML_DSA:
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

            MLDSA44PublicKey.from_public_bytes(key["key"]).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(key["key"]).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    except (ImportError, UnsupportedAlgorithm):
        sys.exit("verify.py: ML-DSA-44 needs a newer `cryptography`: pip install -U cryptography")
    return True


def check_trust(checkpoint, trust):
    """Raises unless a key of the log and enough witnesses signed, and no known key did so wrongly."""
    if checkpoint["origin"] != trust["origin"]:
        raise Wrong("trust", f"a checkpoint of the log {checkpoint['origin']!r}")

    def of_log(key):
        """A deployment's key is named by its host and signs each log under the log's own name."""
        below = trust["origin"].startswith(key["name"] + "/") and is_key_name(trust["origin"])
        named = trust["origin"] if below else key["name"]
        data = bytes([key["kind"]]) + key["key"]
        return {**key, "name": named, "id": sha256(named.encode(), b"\n", data)[:4]}

    def signers(keys):
        names = set()
        for key in keys:
            lines = [line for line in checkpoint["signatures"] if line[:2] == (key["name"], key["id"])]
            for line in lines:
                if not verify_line(checkpoint, key, line[2]):
                    raise Wrong("trust", f"the signature of {key['name']!r} does not verify")
            if lines:
                names.add(key["name"])
        return names

    if not signers(of_log(parse_key(key)) for key in trust["log"]):
        raise Wrong("trust", "no known key of the log signed")
    witnesses = signers(map(parse_key, trust["witnesses"]))
    if len(witnesses) < trust["threshold"]:
        raise Wrong("trust", f"{len(witnesses)} witnesses signed where {trust['threshold']} are needed")


# --- prune checkpoints ----------------------------------------------------------------------------------------------


def parse_prune(data):
    """That the bodies of the first entries were deleted on purpose, but for the ranges that are kept."""
    text, signatures = parse_note(data)
    first, *rest = text[:-1].split("\n")
    if first != "caracal.evidence.prune.v1" or len(rest) < 6:
        raise Wrong("form", "not a prune checkpoint")
    origin, size, root, time, reason, peaks, *kept = rest
    for line, name in [(time, "time "), (reason, "reason "), (peaks, "peaks ")]:
        if not line.startswith(name):
            raise Wrong("form", "a prune checkpoint with other lines")
    for part in (origin, reason[7:]):
        bad = any(ord(char) < 32 or 127 <= ord(char) < 160 for char in part)
        if bad or not 1 <= len(part.encode()) <= MAX_NAME:
            raise Wrong("form", "a prune checkpoint with another origin or reason than there can be")
    decimal(time[5:])
    tree = Tree()
    tree.size, tree.peaks = decimal(size), [unbase64(peak) for peak in peaks[6:].split(" ")]
    fits = tree.size and len(tree.peaks) == bin(tree.size).count("1") and all(len(peak) == 32 for peak in tree.peaks)
    if not fits or tree.root() != unbase64(root):
        raise Wrong("form", "a prune checkpoint whose tree is none")
    ranges, after = [], -1
    for line in kept:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "kept":
            raise Wrong("form", "a prune checkpoint with other lines")
        start, end = decimal(parts[1]), decimal(parts[2])
        if not after < start < end <= tree.size or len(kept) > 1024:
            raise Wrong("form", "a prune checkpoint that keeps what cannot be kept")
        ranges, after = ranges + [range(start, end)], end
    return {"origin": origin, "tree": tree, "kept": ranges, "text": text, "signatures": signatures}


def permits(prune, index):
    return prune is not None and index < prune["tree"].size and not any(index in kept for kept in prune["kept"])


# --- receipts and exports --------------------------------------------------------------------------------------------


def verify_receipt(data, trust):
    """The entry that the receipt proves."""
    if len(data) > MAX_RECEIPT:
        raise Wrong("form", "a receipt of more than 2 MiB")
    try:
        head, found, note = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Wrong("form", "a receipt that is not text") from None
    lines = head.split("\n")
    if not found or not 3 <= len(lines) <= 67 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Wrong("form", "not a receipt")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Wrong("form", "a receipt without its entry and its index")
    entry, index = decode_entry(unbase64(lines[1][6:])), decimal(lines[2][6:])
    proof = [unbase64(line) for line in lines[3:]]
    checkpoint = parse_checkpoint(note.encode())
    if any(len(part) != 32 for part in proof):
        raise Wrong("form", "a proof of something else than hashes")
    check_trust(checkpoint, trust)
    if entry["index"] != index or not checkpoint["origin"].endswith("/" + entry["log"]):
        raise Wrong("proof", "the entry stands elsewhere by its own words")
    if not proves_inclusion(leaf_hash(entry), index, checkpoint["size"], proof, checkpoint["root"]):
        raise Wrong("proof", "the proof does not lead from the entry to the root")
    return entry


def verify_export(entries, log, notes, trust, pruned=None):
    """The size of the log that the entries and the checkpoints agree on."""
    prune = None
    if pruned is not None:
        prune = parse_prune(pruned)
        check_trust(prune, {**trust, "threshold": 0})
    known = {}
    for note in notes:
        checkpoint = parse_checkpoint(note)
        check_trust(checkpoint, trust)
        if known.setdefault(checkpoint["size"], checkpoint["root"]) != checkpoint["root"]:
            raise Wrong("split_view", f"two different logs were signed at {checkpoint['size']} entries")
    if prune and known.setdefault(prune["tree"].size, prune["tree"].root()) != prune["tree"].root():
        raise Wrong("split_view", f"two different logs were signed at {prune['tree'].size} entries")
    tree, proved = Tree(), 0

    def compare():
        if known.get(tree.size, root := tree.root()) != root:
            raise Wrong("forked", f"not the log that was signed at {tree.size} entries; it was up to {proved}")
        return tree.size if tree.size in known else proved

    proved = compare()
    for entry in entries:
        if entry["log"] != log:
            raise Wrong("log", f"entry {tree.size} is of another log")
        if prune and tree.size == 0 and "leaves" not in entry and entry["index"] == prune["tree"].size:
            if prune["kept"]:
                raise Wrong("missing", f"entry {prune['kept'][0].start} is held, and missing")
            if any(0 < size < entry["index"] for size in known):
                raise Wrong("unproved", "a checkpoint lies in the pruned part: compare it with the hashes or the archive")
            tree.size, tree.peaks = prune["tree"].size, list(prune["tree"].peaks)
            proved = compare()
        if entry["index"] != tree.size:
            raise Wrong("gap", f"entry {entry['index']} stands where {tree.size} is expected")
        if "leaves" not in entry:
            tree.append(leaf_hash(entry))
            proved = compare()
            continue
        leaves = unbase64(entry["leaves"])
        if not leaves or len(leaves) % 32:
            raise Wrong("form", "leaves are hashes of 32 bytes")
        for at in range(0, len(leaves), 32):
            if not permits(prune, tree.size):
                raise Wrong("missing", f"entry {tree.size} is missing, and no prune checkpoint says that it may be")
            tree.append(leaves[at : at + 32])
            proved = compare()
    if known and max(known) > tree.size:
        raise Wrong("truncated", f"{max(known) - tree.size} entries at the end are missing")
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
    if content_hash(entry).hex() != said[3]:
        raise Wrong("form", f"entry {entry['index']} is not the one whose hash stands beside it")
    return entry


# --- packs -----------------------------------------------------------------------------------------------------------


def exactly(value, members, what):
    """`value` when it is an object of these members: name, type and whether it may be absent."""
    known = {name: kind for name, kind, _ in members}
    if not isinstance(value, dict) or any(type(value[name]) is not known.get(name) for name in value):
        raise Wrong("form", f"{what} of another form")
    if any(name not in value for name, _, optional in members if not optional):
        raise Wrong("form", f"{what} without all of its members")
    return value


def parse_json(data, what):
    try:
        return json.loads(data)
    except ValueError:
        raise Wrong("form", f"{what} that is not JSON") from None


def instant(text):
    """Microseconds of the Unix epoch; further digits are cut."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII)
    if not match:
        raise Wrong("form", f"not a date-time: {text!r}")
    day, time, digits, zone = match.groups()
    at = datetime.datetime.fromisoformat(f"{day}T{time}" + ("+00:00" if zone in "Zz" else zone))
    seconds = (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(seconds=1)
    return seconds * 1_000_000 + int((digits or "").ljust(6, "0")[:6])


MANIFEST_MEMBERS = [
    *((name, str, False) for name in ("format", "pack", "made_at", "origin", "zone_id", "completeness")),
    *(("size", int, False), ("entries", int, False), ("asked", dict, False), ("files", list, False)),
]
ASKED_MEMBERS = [(name, str, True) for name in ("session_id", "subject_id", "since", "until")]
ASKED_MEMBERS += [("authority_record_ids", list, True)]
FILE_MEMBERS = [("name", str, False), ("bytes", int, False), ("sha256", str, False)]
ENTRY_MEMBERS = [("index", int, False), ("body", str, False), ("taken_at", int, False)]
ENTRY_MEMBERS += [("producer_key", str, False), ("proof", list, False)]


def parse_manifest(data):
    manifest = exactly(parse_json(data, "a manifest"), MANIFEST_MEMBERS, "a manifest")
    exactly(manifest["asked"], ASKED_MEMBERS, "what was asked")
    for file in manifest["files"]:
        exactly(file, FILE_MEMBERS, "a file of the manifest")
    if manifest["format"] != "caracal.evidence.pack.v1":
        raise Wrong("form", "a pack of another form")
    return manifest


def verify_packed(line, number, log, checkpoint):
    """The index and the event of a line of the entries."""
    packed = exactly(parse_json(line, f"line {number} of the entries"), ENTRY_MEMBERS, f"line {number} of the entries")
    entry = {"log": log, **{name: packed[name] for name in ("index", "body", "taken_at", "producer_key")}}
    index = entry["index"]
    try:
        leaf, proof = leaf_hash(entry), [unbase64(part) for part in packed["proof"]]
    except (struct.error, TypeError, UnicodeEncodeError):
        raise Wrong("form", f"line {number} of the entries is no entry") from None
    if not proves_inclusion(leaf, index, checkpoint["size"], proof, checkpoint["root"]):
        raise Wrong("proof", f"entry {index} (line {number}): its proof does not lead to the root")
    event = parse_json(entry["body"], f"entry {index}")
    if not isinstance(event, dict):
        raise Wrong("form", f"entry {index} is no event")
    return index, event


def optional(value, name):
    found = value.get(name)
    return found.replace("\0", "") if isinstance(found, str) and found else None


def picks(asked, event):
    """Whether an event is asked for by what it says itself, and its session where it happened in the span."""
    metadata = event.get("metadata_json")
    metadata = metadata if isinstance(metadata, dict) else {}

    def said(name):
        value = metadata.get(name)
        return value.replace("\0", "") if isinstance(value, str) else ""

    at, records = instant(event["occurred_at"]), asked.get("authority_record_ids", [])
    session = said("agent_session_id")
    spans = ("since" not in asked or at >= instant(asked["since"])) and (
        "until" not in asked or at < instant(asked["until"])
    )
    met = asked.get("session_id") in (None, session) and (not records or said("session_id") in records)
    return spans and met, session if spans else ""


def verify_pack(archive, trust):
    """What the pack says of itself."""
    members = iter(archive)

    def following(expected):
        member = next(members, None)
        name = member.name if member else "the end"
        if name != expected:
            raise Wrong("file", f"the file {name!r} stands where {expected!r} is expected")
        if member and not member.isreg():
            raise Wrong("file", f"{name!r} is not a plain file")
        return archive.extractfile(member) if member else None

    data, signature = following("manifest.json").read(), following("manifest.checkpoint").read()
    manifest, signature = parse_manifest(data), parse_checkpoint(signature)
    log = "ledger/" + manifest["zone_id"]
    host = manifest["origin"][: -len(log) - 1]
    if manifest["origin"] != f"{host}/{log}":
        raise Wrong("form", "a manifest whose log is of another zone")
    check_trust(signature, {**trust, "origin": f"{host}/packs/{manifest['pack']}", "threshold": 0})
    if (signature["size"], signature["root"]) != (1, sha256(b"\0", sha256(data))):
        raise Wrong("trust", "the manifest is not the one that was signed")
    asked, checkpoint, count = manifest["asked"], None, 0
    about_somebody = "session_id" in asked or bool(asked.get("authority_record_ids"))
    last, requests, sessions, related = -1, set(), set(), []
    for file in manifest["files"]:
        content, digest, length = following(file["name"]), hashlib.sha256(), 0
        lines = content if file["name"] == "entries.ndjson" else [content.read()]
        for line in lines:
            digest.update(line)
            length += len(line)
            if file["name"] == "checkpoint":
                checkpoint = parse_checkpoint(line)
                check_trust(checkpoint, {**trust, "origin": manifest["origin"]})
                if checkpoint["size"] != manifest["size"]:
                    raise Wrong("file", "the checkpoint is of another size than the manifest says")
            if file["name"] != "entries.ndjson":
                continue
            count += 1
            if checkpoint is None:
                raise Wrong("file", "entries before the checkpoint")
            index, event = verify_packed(line, count, log, checkpoint)
            if index <= last:
                raise Wrong("file", f"entry {index} (line {count}) stands behind a later one")
            last, request = index, event.get("request_id", "")
            if event.get("zone_id") != manifest["zone_id"]:
                raise Wrong("asked", f"entry {index} is of another zone")
            picked, session = picks(asked, event)
            if picked:
                requests.add(request)
                sessions.add(session)
            elif about_somebody:
                related.append((index, session, request))
            else:
                raise Wrong("asked", f"entry {index} is not what was asked for")
        if (length, digest.hexdigest()) != (file["bytes"], file["sha256"]):
            raise Wrong("file", f"the file {file['name']!r} is not the one that was packed")
    following("the end")
    if checkpoint is None or count != manifest["entries"]:
        raise Wrong("file", f"{count} entries, and the manifest says {manifest['entries']}")
    if "session_id" in asked:
        sessions.clear()
    sessions.discard("")
    requests.update(request for _, session, request in related if session in sessions)
    requests.discard("")
    for index, session, request in related:
        if session not in sessions and request not in requests:
            raise Wrong("asked", f"entry {index} is not what was asked for")
    return manifest


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
    commands.choices["export"].add_argument("--log", required=True, help="such as ledger/ZONE")
    commands.choices["export"].add_argument("--checkpoint", action="append", required=True, help="file with one")
    commands.choices["export"].add_argument("--pruned", help="file with the prune checkpoint of a log whose beginning is gone")
    asked = parser.parse_args()

    def read(path):
        with open(path, "rb") as file:
            return file.read()

    try:
        trust = {"origin": getattr(asked, "origin", None), "log": asked.key, "witnesses": asked.witness, "threshold": asked.threshold}
        if asked.command == "receipt":
            print(verify_receipt(read(asked.file), trust)["body"])
        elif asked.command == "pack":
            with tarfile.open(asked.file, "r:") as archive:
                manifest = verify_pack(archive, trust)
            print(f"holds: {manifest['entries']} events of the first {manifest['size']} entries of {manifest['origin']}")
            print(f"asked for: {json.dumps(manifest['asked'])}\nmade at {manifest['made_at']}\n{manifest['completeness']}")
        else:
            entries = (read_line(line, asked.log) for line in read(asked.file).split(b"\n") if line)
            notes = [read(path) for path in asked.checkpoint]
            pruned = read(asked.pruned) if asked.pruned else None
            print(f"holds up to {verify_export(entries, asked.log, notes, trust, pruned)} entries")
            if pruned is not None:
                print(f"the bodies of the first {parse_prune(pruned)['tree'].size} entries may be missing")
    except Wrong as wrong:
        print(f"does not hold: {wrong}", file=sys.stderr)
        return 1
    except tarfile.TarError as error:
        print(f"does not hold: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
