/** Merkle trees: RFC 6962 section 2.1, proofs as RFC 9162 sections 2.1.3 and 2.1.4 verify them. */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal } from "./bytes.ts";

export type Hash = Uint8Array;

export function leafHash(leaf: Uint8Array): Hash {
  return sha256(concat(Uint8Array.of(0), leaf));
}

function nodeHash(left: Hash, right: Hash): Hash {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** The right edge of a growing tree. */
export class Frontier {
  #size = 0n;
  #peaks: Hash[] = [];

  get size(): bigint {
    return this.#size;
  }

  /** Goes on from the roots of the perfect subtrees of a tree of `size` leaves. */
  restore(size: bigint, peaks: readonly Hash[]): void {
    this.#size = size;
    this.#peaks = [...peaks];
  }

  append(leaf: Hash): void {
    let made = leaf;
    for (let carried = this.#size; carried & 1n; carried >>= 1n) {
      made = nodeHash(this.#peaks.pop() as Hash, made);
    }
    this.#peaks.push(made);
    this.#size += 1n;
  }

  root(): Hash {
    return (
      this.#peaks.reduceRight<Hash | undefined>(
        (right, peak) => (right ? nodeHash(peak, right) : peak),
        undefined,
      ) ?? sha256(new Uint8Array())
    );
  }
}

/** Whether `proof` leads from the leaf at `index` to the root of a tree of `size` leaves. */
export function provesInclusion(
  leaf: Hash,
  index: bigint,
  size: bigint,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (index >= size) return false;
  let [node, last, made] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      made = nodeHash(sibling, made);
      for (; !(node & 1n) && node; node >>= 1n) last >>= 1n;
    } else {
      made = nodeHash(made, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(made, root);
}

/** Whether `proof` shows that the tree of `newSize` leaves begins with the tree of `oldSize`. */
export function provesConsistency(
  oldSize: bigint,
  newSize: bigint,
  proof: readonly Hash[],
  oldRoot: Hash,
  newRoot: Hash,
): boolean {
  if (oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot);
  if (oldSize === 0n) return proof.length === 0 && equal(oldRoot, sha256(new Uint8Array()));
  let [node, last] = [oldSize - 1n, newSize - 1n];
  for (; node & 1n; node >>= 1n) last >>= 1n;
  const isPower = (oldSize & (oldSize - 1n)) === 0n;
  const first = isPower ? oldRoot : proof[0];
  if (!first) return false;
  let [old, made] = [first, first];
  for (const sibling of isPower ? proof : proof.slice(1)) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      old = nodeHash(sibling, old);
      made = nodeHash(sibling, made);
      for (; !(node & 1n) && node; node >>= 1n) last >>= 1n;
    } else {
      made = nodeHash(made, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(old, oldRoot) && equal(made, newRoot);
}
