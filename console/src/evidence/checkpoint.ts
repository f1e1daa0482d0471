/** Checkpoints of a log: C2SP tlog-checkpoint in signed-note, with cosignatures. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import {
  concat,
  DoesNotHold,
  decodeBase64,
  decodeDecimal,
  decodeText,
  decodeU64,
  encodeText,
  encodeU64,
  equal,
} from "./bytes.ts";
import { MAX_NAME_BYTES } from "./entry.ts";
import type { Hash } from "./tree.ts";

const MAX_NOTE_BYTES = 256 << 10;
const MAX_SIGNATURES = 64;

/** Kinds of signatures, by the first byte of a key. */
const KINDS = {
  1: { name: "note", keyBytes: 32, signatureBytes: 64 },
  4: { name: "cosignature", keyBytes: 32, signatureBytes: 64 },
  6: { name: "ml-dsa-44", keyBytes: 1312, signatureBytes: 2420 },
} as const;

type KindByte = keyof typeof KINDS;

export interface Key {
  readonly name: string;
  readonly id: Uint8Array;
  readonly kind: (typeof KINDS)[KindByte];
  readonly key: Uint8Array;
  /** Kind and key, as the id covers them. */
  readonly bytes: Uint8Array;
}

export interface Signature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Hash;
  /** The three lines, with their line ends. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** Whose word is taken: of which log, under which keys, cosigned by how many witnesses. */
export interface Trust {
  readonly origin: string;
  /** Keys of the log or of its host as text; one has to have signed. */
  readonly log: readonly string[];
  /** Keys of witnesses as text. */
  readonly witnesses: readonly string[];
  /** How many of them have to have signed. */
  readonly threshold: number;
}

function isNamed(name: string): boolean {
  const length = encodeText(name).length;
  return length >= 1 && length <= MAX_NAME_BYTES && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

function isKind(byte: number | undefined): byte is KindByte {
  return byte !== undefined && Object.hasOwn(KINDS, byte);
}

function keyId(name: string, bytes: Uint8Array): Uint8Array {
  return sha256(concat(encodeText(`${name}\n`), bytes)).subarray(0, 4);
}

/** A deployment's key is named by its host and signs each log under the log's own name. */
export function keyOfLog(key: Key, origin: string): Key {
  if (!origin.startsWith(`${key.name}/`) || !isNamed(origin)) return key;
  return { ...key, name: origin, id: keyId(origin, key.bytes) };
}

/** A key as `<name>+<id in hex>+<base64 of kind and key>`. @throws DoesNotHold `form` */
export function parseKey(text: string): Key {
  const [name, id, ...rest] = text.split("+");
  // Base64 may contain plus signs itself.
  const encoded = rest.join("+");
  if (name === undefined || id === undefined || rest.length === 0 || !isNamed(name)) {
    throw new DoesNotHold("form", "a key is a name, an id and base64, joined by plus signs");
  }
  const bytes = decodeBase64(encoded);
  const byte = bytes[0];
  if (!isKind(byte) || bytes.length - 1 !== KINDS[byte].keyBytes) {
    throw new DoesNotHold("form", "a key of an unknown kind or length");
  }
  const ownId = keyId(name, bytes);
  if (id !== Array.from(ownId, (part) => part.toString(16).padStart(2, "0")).join("")) {
    throw new DoesNotHold("form", "a key whose id belongs to another");
  }
  return { name, id: ownId, kind: KINDS[byte], key: bytes.subarray(1), bytes };
}

function parseSignature(line: string): Signature {
  const [dash, name, ...rest] = line.split(" ");
  if (dash !== "\u2014" || name === undefined || !isNamed(name) || rest.length === 0) {
    throw new DoesNotHold("form", "a line that is no signature");
  }
  const bytes = decodeBase64(rest.join(" "));
  if (bytes.length < 5) throw new DoesNotHold("form", "a signature that is too short");
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** A text and the signatures under it. @throws DoesNotHold `form` */
export function parseNote(bytes: Uint8Array): { text: string; signatures: readonly Signature[] } {
  if (bytes.length > MAX_NOTE_BYTES) throw new DoesNotHold("form", "a note of more than 256 KiB");
  const note = decodeText(bytes, "a note");
  if (encodeText(note).some((byte) => byte < 0x20 && byte !== 0x0a)) {
    throw new DoesNotHold("form", "a note with control characters");
  }
  const border = note.lastIndexOf("\n\n");
  if (border < 0 || !note.endsWith("\n") || border + 2 >= note.length) {
    throw new DoesNotHold("form", "a note without signatures");
  }
  const lines = note.slice(border + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new DoesNotHold("form", "a note with too many signatures");
  return { text: note.slice(0, border + 1), signatures: lines.map(parseSignature) };
}

/** @throws DoesNotHold `form` */
export function parseCheckpoint(bytes: Uint8Array): Checkpoint {
  const { text, signatures } = parseNote(bytes);
  const [origin, size, root, ...more] = text.slice(0, -1).split("\n");
  if (origin === undefined || size === undefined || root === undefined || more.length > 0) {
    throw new DoesNotHold("form", "a checkpoint has three lines");
  }
  const length = encodeText(origin).length;
  const hash = decodeBase64(root);
  if (/\p{Cc}/u.test(origin) || length < 1 || length > MAX_NAME_BYTES || hash.length !== 32) {
    throw new DoesNotHold("form", "a checkpoint with another origin or root than there can be");
  }
  return { origin, size: decodeDecimal(size), root: hash, text, signatures };
}

/** What a signature of `kind` signs. `time` is in seconds of the Unix epoch. */
function message(checkpoint: Checkpoint, key: Key, time: bigint): Uint8Array {
  switch (key.kind.name) {
    case "note":
      return encodeText(checkpoint.text);
    case "cosignature":
      return encodeText(`cosignature/v1\ntime ${time}\n${checkpoint.text}`);
    case "ml-dsa-44": {
      const [name, origin] = [encodeText(key.name), encodeText(checkpoint.origin)];
      return concat(
        encodeText("subtree/v1\n\0"),
        Uint8Array.of(name.length),
        name,
        encodeU64(time),
        Uint8Array.of(origin.length),
        origin,
        encodeU64(0n),
        encodeU64(checkpoint.size),
        checkpoint.root,
      );
    }
  }
}

/** Whether `bytes` is the signature of `signed`. */
export function verifies(key: Key, signed: Uint8Array, bytes: Uint8Array): boolean {
  if (bytes.length !== key.kind.signatureBytes) return false;
  try {
    return key.kind.name === "ml-dsa-44"
      ? ml_dsa44.verify(bytes, signed, key.key)
      : // RFC 8032 to the letter: what one verifier takes and another does not is no evidence.
        ed25519.verify(bytes, signed, key.key, { zip215: false });
  } catch {
    return false;
  }
}

function isSignedBy(checkpoint: Checkpoint, key: Key, signature: Uint8Array): boolean {
  let [time, bytes] = [0n, signature];
  if (key.kind.name !== "note") {
    if (signature.length < 8) return false;
    [time, bytes] = [decodeU64(signature), signature.subarray(8)];
  }
  return time < 1n << 63n && verifies(key, message(checkpoint, key, time), bytes);
}

/** The names among `keys` that signed. @throws DoesNotHold `trust` where a line under a known key is no signature of it */
function signers(checkpoint: Checkpoint, keys: readonly Key[]): Set<string> {
  const names = new Set<string>();
  for (const key of keys) {
    for (const line of checkpoint.signatures) {
      if (line.name !== key.name || !equal(line.id, key.id)) continue;
      if (!isSignedBy(checkpoint, key, line.signature)) {
        throw new DoesNotHold("trust", `the signature of ${key.name} does not verify`);
      }
      names.add(key.name);
    }
  }
  return names;
}

/**
 * The witnesses that signed, by name.
 *
 * @throws DoesNotHold `trust` unless a key of the log and enough witnesses signed, and no known key did so wrongly.
 */
export function checkTrust(checkpoint: Checkpoint, trust: Trust): readonly string[] {
  if (checkpoint.origin !== trust.origin) throw new DoesNotHold("trust", "a checkpoint of another log");
  const ofLog = trust.log.map((key) => keyOfLog(parseKey(key), trust.origin));
  if (signers(checkpoint, ofLog).size === 0) {
    throw new DoesNotHold("trust", "no known key of the log signed");
  }
  const witnesses = signers(checkpoint, trust.witnesses.map(parseKey));
  if (witnesses.size < trust.threshold) {
    throw new DoesNotHold("trust", `${witnesses.size} witnesses signed where ${trust.threshold} are needed`);
  }
  return [...witnesses];
}
