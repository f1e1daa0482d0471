/** Prune checkpoints: that the bodies of a log's first entries were deleted on purpose, but for those that are kept. */

import { DoesNotHold, decodeBase64, decodeDecimal, encodeText, equal } from "./bytes.ts";
import { keyOfLog, parseKey, parseNote, type Signature, type Trust, verifies } from "./checkpoint.ts";
import { MAX_NAME_BYTES } from "./entry.ts";
import { Frontier, type Hash } from "./tree.ts";

const MAX_KEPT = 1024;

export interface Prune {
  readonly origin: string;
  /** Entries that may be gone, from the first on. */
  readonly size: bigint;
  readonly root: Hash;
  /** Roots of the perfect subtrees of the tree over them. */
  readonly peaks: readonly Hash[];
  /** Entries among them that are there still, each range without its end. */
  readonly kept: readonly { readonly start: bigint; readonly end: bigint }[];
  readonly text: string;
  readonly signatures: readonly Signature[];
}

function named(line: string, name: string): string {
  if (!line.startsWith(name)) throw new DoesNotHold("form", "a prune checkpoint with other lines");
  return line.slice(name.length);
}

/** @throws DoesNotHold `form` */
export function parsePrune(bytes: Uint8Array): Prune {
  const { text, signatures } = parseNote(bytes);
  const [first, origin, digits, rootText, time, reason, peakText, ...held] = text.slice(0, -1).split("\n");
  if (
    first !== "caracal.evidence.prune.v1" ||
    origin === undefined ||
    digits === undefined ||
    rootText === undefined ||
    time === undefined ||
    reason === undefined ||
    peakText === undefined
  ) {
    throw new DoesNotHold("form", "not a prune checkpoint");
  }
  for (const part of [origin, named(reason, "reason ")]) {
    const length = encodeText(part).length;
    if (/\p{Cc}/u.test(part) || length < 1 || length > MAX_NAME_BYTES) {
      throw new DoesNotHold("form", "a prune checkpoint with another origin or reason than there can be");
    }
  }
  decodeDecimal(named(time, "time "));
  const [size, root] = [decodeDecimal(digits), decodeBase64(rootText)];
  const peaks = named(peakText, "peaks ").split(" ").map(decodeBase64);
  const ones = [...size.toString(2)].filter((bit) => bit === "1").length;
  const tree = new Frontier();
  tree.restore(size, peaks);
  if (peaks.length !== ones || peaks.some((peak) => peak.length !== 32) || !equal(tree.root(), root)) {
    throw new DoesNotHold("form", "a prune checkpoint whose tree is none");
  }
  let after = -1n;
  const kept = held.map((line) => {
    const [start, end, ...more] = named(line, "kept ").split(" ");
    if (start === undefined || end === undefined || more.length > 0 || held.length > MAX_KEPT) {
      throw new DoesNotHold("form", "a prune checkpoint with other lines");
    }
    const range = { start: decodeDecimal(start), end: decodeDecimal(end) };
    if (range.start <= after || range.start >= range.end || range.end > size) {
      throw new DoesNotHold("form", "a prune checkpoint that keeps what cannot be kept");
    }
    after = range.end;
    return range;
  });
  return { origin, size, root, peaks, kept, text, signatures };
}

/** Whether the body of this entry may be missing. */
export function permits(prune: Prune, index: bigint): boolean {
  return index < prune.size && !prune.kept.some(({ start, end }) => start <= index && index < end);
}

/** @throws DoesNotHold `trust` unless a key of the log signed, and no known key of it did so wrongly. */
export function checkPruneTrust(prune: Prune, trust: Trust): void {
  if (prune.origin !== trust.origin) throw new DoesNotHold("trust", "a prune checkpoint of another log");
  let signed = false;
  for (const key of trust.log.map((text) => keyOfLog(parseKey(text), trust.origin))) {
    for (const line of prune.signatures) {
      if (line.name !== key.name || !equal(line.id, key.id)) continue;
      if (!verifies(key, encodeText(prune.text), line.signature)) {
        throw new DoesNotHold("trust", `the signature of ${key.name} does not verify`);
      }
      signed = true;
    }
  }
  if (!signed) throw new DoesNotHold("trust", "no known key of the log signed");
}
