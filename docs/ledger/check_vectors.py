#!/usr/bin/env python3
"""Whether `verify.py` agrees with test vectors: check_vectors.py VECTORS.json.

Ends with 0 when it does, and with 1 when it does not.
"""
import json
import sys

from verify import (
    Tree,
    Wrong,
    check_trust,
    content_hash,
    decode_entry,
    encode_entry,
    leaf_hash,
    parse_checkpoint,
    parse_key,
    proves_consistency,
    proves_inclusion,
    verify_export,
    verify_receipt,
)


def verdict(check, *arguments):
    try:
        check(*arguments)
    except Wrong as wrong:
        return wrong.kind
    return None


def check_vectors(vectors):
    """How many were checked. Raises where this verifier disagrees."""
    checked = 0

    def agree(said, expected, what):
        nonlocal checked
        checked += 1
        if said != expected:
            raise Wrong("vectors", f"{what}: {said!r} here, {expected!r} in the vectors")

    unhex = bytes.fromhex
    for case in vectors.get("entries", []):
        agree(encode_entry(case["entry"]).hex(), case["bytes"], "bytes of an entry")
        agree(decode_entry(unhex(case["bytes"])), case["entry"], "an entry")
        agree(content_hash(case["entry"]).hex(), case["content"], "content hash")
        agree(leaf_hash(case["entry"]).hex(), case["leaf"], "leaf hash")
    for case in vectors.get("trees", []):
        tree = Tree()
        for leaf in case["leaves"]:
            tree.append(unhex(leaf))
        agree(tree.root().hex(), case["root"], "root of a tree")
    for case in vectors.get("inclusion", []):
        proof = [unhex(part) for part in case["proof"]]
        said = proves_inclusion(unhex(case["leaf"]), case["index"], case["size"], proof, unhex(case["root"]))
        agree(said, case["holds"], f"inclusion of {case['index']} in {case['size']}")
    for case in vectors.get("consistency", []):
        proof, roots = [unhex(part) for part in case["proof"]], (unhex(case["old_root"]), unhex(case["new_root"]))
        said = proves_consistency(case["old_size"], case["new_size"], proof, *roots)
        agree(said, case["holds"], f"consistency of {case['old_size']} with {case['new_size']}")
    for case in vectors.get("keys", []):
        agree(verdict(parse_key, case["key"]) is None, case["holds"], f"key {case['key']:.40}")
    for case in vectors.get("checkpoints", []):
        check = lambda: check_trust(parse_checkpoint(case["note"].encode()), case["trust"])
        agree(verdict(check) is None, case["holds"], f"checkpoint: {case['what']}")
    for case in vectors.get("receipts", []):
        said = verdict(verify_receipt, case["receipt"].encode(), case["trust"])
        agree(said is None, case["holds"], f"receipt: {case['what']}")
    for case in vectors.get("exports", []):
        notes = [note.encode() for note in case["checkpoints"]]
        pruned = case.get("pruned") and case["pruned"].encode()
        said = verdict(verify_export, case["entries"], case["log"], notes, case["trust"], pruned)
        agree(said, case["fault"], f"export: {case['what']}")
    return checked


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        try:
            print(f"{check_vectors(json.load(file))} vectors agree")
        except Wrong as wrong:
            sys.exit(f"does not agree: {wrong}")
