/** Bytes as evidence spells them: base64 in its only form, decimals, big-endian numbers. */

/** Why evidence is not believed. */
export type Kind =
  | "form"
  | "trust"
  | "proof"
  | "log"
  | "gap"
  | "forked"
  | "missing"
  | "truncated"
  | "unproved"
  | "split_view";

/** Something does not hold. */
export class DoesNotHold extends Error {
  override readonly name = "DoesNotHold";

  constructor(
    /** What, by the names of the handbook's page "Form of the ledger"; `form` is what cannot be read at all. */
    readonly kind: Kind,
    message: string,
  ) {
    super(message);
  }
}

const U64_MAX = (1n << 64n) - 1n;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** @throws DoesNotHold `form` where the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DoesNotHold("form", `${what} is not UTF-8`);
  }
}

/** RFC 4648 section 4 with padding and without stray bits. @throws DoesNotHold `form` */
export function decodeBase64(text: string): Uint8Array {
  let decoded: string;
  try {
    decoded = atob(text);
  } catch {
    throw new DoesNotHold("form", "not base64");
  }
  // What atob forgives (white space, missing padding, stray bits) is written differently.
  if (btoa(decoded) !== text) throw new DoesNotHold("form", "not base64 in its only form");
  return Uint8Array.from(decoded, (char) => char.charCodeAt(0));
}

/** A number below 2^64 without a sign and without leading zeros. @throws DoesNotHold `form` */
export function decodeDecimal(text: string): bigint {
  const value = /^(?:0|[1-9][0-9]{0,19})$/.test(text) ? BigInt(text) : U64_MAX + 1n;
  if (value > U64_MAX) throw new DoesNotHold("form", "not a number below 2^64");
  return value;
}

/** Eight bytes, big endian. */
export function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** What {@link encodeU64} writes, at the start of `bytes`, which has that many. */
export function decodeU64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
