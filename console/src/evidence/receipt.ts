/** Receipts: C2SP tlog-proof whose extra data is the entry. */

import { DoesNotHold, decodeBase64, decodeDecimal, decodeText, encodeText } from "./bytes.ts";
import { type Checkpoint, checkTrust, parseCheckpoint, type Trust } from "./checkpoint.ts";
import { decodeEntry, type Entry, entryLeaf } from "./entry.ts";
import { provesInclusion } from "./tree.ts";

const MAX_RECEIPT_BYTES = 2 << 20;

export interface Proven {
  readonly entry: Entry;
  readonly checkpoint: Checkpoint;
  /** Witnesses that signed the checkpoint, by name. */
  readonly witnesses: readonly string[];
}

/**
 * What a receipt proves to somebody who believes `trust`.
 *
 * @throws DoesNotHold `form`, `trust` or `proof`
 */
export function verifyReceipt(bytes: Uint8Array, trust: Trust): Proven {
  if (bytes.length > MAX_RECEIPT_BYTES) throw new DoesNotHold("form", "a receipt of more than 2 MiB");
  const text = decodeText(bytes, "a receipt");
  const border = text.indexOf("\n\n");
  const lines = text.slice(0, Math.max(border, 0)).split("\n");
  const [version, extra, at, ...hashes] = lines;
  if (border < 0 || lines.length > 67 || version !== "c2sp.org/tlog-proof@v1") {
    throw new DoesNotHold("form", "not a receipt");
  }
  if (!extra?.startsWith("extra ") || !at?.startsWith("index ")) {
    throw new DoesNotHold("form", "a receipt without its entry and its index");
  }
  const entry = decodeEntry(decodeBase64(extra.slice(6)));
  const index = decodeDecimal(at.slice(6));
  const proof = hashes.map(decodeBase64);
  const checkpoint = parseCheckpoint(encodeText(text.slice(border + 2)));
  if (proof.some((hash) => hash.length !== 32)) {
    throw new DoesNotHold("form", "a proof of something else than hashes");
  }
  const witnesses = checkTrust(checkpoint, trust);
  if (entry.index !== index || !checkpoint.origin.endsWith(`/${entry.log}`)) {
    throw new DoesNotHold("proof", "the entry stands elsewhere by its own words");
  }
  if (!provesInclusion(entryLeaf(entry), index, checkpoint.size, proof, checkpoint.root)) {
    throw new DoesNotHold("proof", "the proof does not lead from the entry to the root");
  }
  return { entry, checkpoint, witnesses };
}
