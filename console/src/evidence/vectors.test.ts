/** The same vectors that hold the verifier in Rust and the one in Python. */

import { readFileSync } from "node:fs";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DoesNotHold, decodeBase64, encodeText } from "./bytes.ts";
import { checkTrust, parseCheckpoint, parseKey, type Trust } from "./checkpoint.ts";
import { contentHash, decodeEntry, type Entry, encodeEntry, entryLeaf } from "./entry.ts";
import { type PrunedEntries, verifyExport } from "./export.ts";
import { verifyReceipt } from "./receipt.ts";
import { Frontier, provesConsistency, provesInclusion } from "./tree.ts";

interface WrittenEntry {
  readonly log: string;
  readonly index: number;
  readonly body: string;
  readonly taken_at: number;
  readonly producer_key: string;
}

interface WrittenLeaves {
  readonly log: string;
  readonly index: number;
  readonly leaves: string;
}

interface Vectors {
  readonly entries: readonly { entry: WrittenEntry; bytes: string; content: string; leaf: string }[];
  readonly trees: readonly { leaves: readonly string[]; root: string }[];
  readonly inclusion: readonly {
    leaf: string;
    index: number;
    size: number;
    proof: readonly string[];
    root: string;
    holds: boolean;
  }[];
  readonly consistency: readonly {
    old_size: number;
    new_size: number;
    proof: readonly string[];
    old_root: string;
    new_root: string;
    holds: boolean;
  }[];
  readonly keys: readonly { key: string; holds: boolean }[];
  readonly checkpoints: readonly { what: string; note: string; trust: Trust; holds: boolean }[];
  readonly receipts: readonly { what: string; receipt: string; trust: Trust; holds: boolean }[];
  readonly exports: readonly {
    what: string;
    entries: readonly (WrittenEntry | WrittenLeaves)[];
    log: string;
    checkpoints: readonly string[];
    trust: Trust;
    pruned?: string | null;
    fault: string | null;
  }[];
}

const file = new URL("../../../docs/ledger/vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

function read(entry: WrittenEntry): Entry {
  return {
    log: entry.log,
    index: BigInt(entry.index),
    body: entry.body,
    takenAt: BigInt(entry.taken_at),
    producerKey: entry.producer_key,
  };
}

function readLine(line: WrittenEntry | WrittenLeaves): Entry | PrunedEntries {
  if (!("leaves" in line)) return read(line);
  const bytes = decodeBase64(line.leaves);
  const leaves = Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
  return { log: line.log, index: BigInt(line.index), leaves };
}

/** The kind of fault that `check` finds; `null` where it holds. */
function fault(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof DoesNotHold) return error.kind;
    throw error;
  }
}

describe("the vectors of the ledger", () => {
  it("has some of each kind", () => {
    for (const cases of Object.values(vectors)) expect(cases.length).toBeGreaterThan(5);
  });

  it.each(vectors.entries)("entry $entry.index", ({ entry, bytes, content, leaf }) => {
    expect(bytesToHex(encodeEntry(read(entry)))).toBe(bytes);
    expect(decodeEntry(hexToBytes(bytes))).toEqual(read(entry));
    expect(bytesToHex(contentHash(read(entry)))).toBe(content);
    expect(bytesToHex(entryLeaf(read(entry)))).toBe(leaf);
  });

  it.each(vectors.trees)("tree $root", ({ leaves, root }) => {
    const tree = new Frontier();
    for (const leaf of leaves) tree.append(hexToBytes(leaf));
    expect(bytesToHex(tree.root())).toBe(root);
  });

  it.each(vectors.inclusion)("$index in $size", ({ leaf, index, size, proof, root, holds }) => {
    const hashes = proof.map(hexToBytes);
    expect(provesInclusion(hexToBytes(leaf), BigInt(index), BigInt(size), hashes, hexToBytes(root))).toBe(
      holds,
    );
  });

  it.each(vectors.consistency)("$old_size before $new_size", (vector) => {
    const [old, made] = [hexToBytes(vector.old_root), hexToBytes(vector.new_root)];
    const proof = vector.proof.map(hexToBytes);
    const holds = provesConsistency(BigInt(vector.old_size), BigInt(vector.new_size), proof, old, made);
    expect(holds).toBe(vector.holds);
  });

  it.each(vectors.keys)("key $key", ({ key, holds }) => {
    expect(fault(() => parseKey(key)) === null).toBe(holds);
  });

  it.each(vectors.checkpoints)("checkpoint: $what", ({ note, trust, holds }) => {
    expect(fault(() => checkTrust(parseCheckpoint(encodeText(note)), trust)) === null).toBe(holds);
  });

  it.each(vectors.receipts)("receipt: $what", ({ receipt, trust, holds }) => {
    expect(fault(() => verifyReceipt(encodeText(receipt), trust)) === null).toBe(holds);
  });

  it.each(vectors.exports)(
    "export: $what",
    ({ entries, log, checkpoints, trust, pruned, fault: expected }) => {
      const note = pruned ? encodeText(pruned) : undefined;
      const found = fault(() =>
        verifyExport(entries.map(readLine), log, checkpoints.map(encodeText), trust, note),
      );
      expect(found).toBe(expected);
    },
  );
});

describe("a receipt", () => {
  const good = vectors.receipts.find(({ holds }) => holds);
  if (!good) throw new Error("the vectors have no receipt that holds");
  const [bytes, trust] = [encodeText(good.receipt), good.trust];

  it("does not hold with any byte changed, missing or added", { timeout: 60_000 }, () => {
    const spot = fc.record({
      at: fc.nat(bytes.length - 1),
      mask: fc.integer({ min: 1, max: 255 }),
      how: fc.nat(2),
    });
    fc.assert(
      fc.property(spot, ({ at, mask, how }) => {
        const byte = (bytes[at] ?? 0) ^ mask;
        const middle = how === 0 ? [byte] : how === 1 ? [] : [bytes[at] ?? 0, byte];
        const tampered = Uint8Array.from([...bytes.subarray(0, at), ...middle, ...bytes.subarray(at + 1)]);
        const found = fault(() => verifyReceipt(tampered, trust));
        // A whole signature line of an unknown key may be added or renamed; its known ones must still hold.
        if (found === null)
          expect(verifyReceipt(tampered, trust).entry).toEqual(verifyReceipt(bytes, trust).entry);
      }),
      { numRuns: 300 },
    );
  });

  it("of other bytes is refused and never fails otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(fault(() => verifyReceipt(noise, trust))).not.toBeNull();
      }),
    );
  });
});
