/** Entries of a log: what is kept of one event or record. */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, DoesNotHold, decodeText, decodeU64, encodeText, encodeU64 } from "./bytes.ts";
import { leafHash } from "./tree.ts";

const MAX_BODY_BYTES = 1 << 20;
export const MAX_NAME_BYTES = 255;

const DOMAIN = encodeText("caracal.evidence.entry.v1");

export interface Entry {
  /** The log that it stands in, such as `ledger/<zone>`. */
  readonly log: string;
  /** Where, from 0. */
  readonly index: bigint;
  /** The event or record, as it arrived. */
  readonly body: string;
  /** When the ledger took it, in microseconds of the Unix epoch. */
  readonly takenAt: bigint;
  /** Key that the producer's signature was verified with; empty without one. */
  readonly producerKey: string;
}

export function encodeEntry(entry: Entry): Uint8Array {
  const parts = [
    DOMAIN,
    encodeText(entry.log),
    encodeU64(entry.index),
    encodeText(entry.body),
    encodeU64(BigInt.asUintN(64, entry.takenAt)),
    encodeText(entry.producerKey),
  ];
  return concat(...parts.flatMap((part) => [encodeU64(BigInt(part.length)), part]));
}

/** @throws DoesNotHold `form` for anything that {@link encodeEntry} does not write. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const parts: Uint8Array[] = [];
  let rest = bytes;
  for (let part = 0; part < 6; part++) {
    const length = rest.length < 8 ? undefined : decodeU64(rest);
    if (length === undefined || length > BigInt(rest.length - 8)) {
      throw new DoesNotHold("form", "an entry that ends too early");
    }
    const end = 8 + Number(length);
    parts.push(rest.subarray(8, end));
    rest = rest.subarray(end);
  }
  const [domain, log, index, body, at, key] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  if (rest.length > 0 || decodeText(domain, "a domain") !== "caracal.evidence.entry.v1") {
    throw new DoesNotHold("form", "not an entry");
  }
  if (index.length !== 8 || at.length !== 8) throw new DoesNotHold("form", "not an entry");
  if (
    log.length < 1 ||
    log.length > MAX_NAME_BYTES ||
    body.length > MAX_BODY_BYTES ||
    key.length > MAX_NAME_BYTES
  ) {
    throw new DoesNotHold("form", "an entry beyond its bounds");
  }
  return {
    log: decodeText(log, "the name of a log"),
    index: decodeU64(index),
    body: decodeText(body, "a body"),
    takenAt: BigInt.asIntN(64, decodeU64(at)),
    producerKey: decodeText(key, "the name of a key"),
  };
}

export function contentHash(entry: Entry): Uint8Array {
  return sha256(encodeEntry(entry));
}

/** Hash of the entry's leaf in the tree. */
export function entryLeaf(entry: Entry): Uint8Array {
  return leafHash(contentHash(entry));
}
