/** What a receipt says to somebody who believes some keys. Nothing leaves the browser. */

import { DoesNotHold, encodeText } from "../../evidence/bytes.ts";
import { keyOfLog, parseKey } from "../../evidence/checkpoint.ts";
import type { Entry } from "../../evidence/entry.ts";
import { verifyReceipt } from "../../evidence/receipt.ts";

export type Checked =
  | {
      readonly holds: true;
      readonly entry: Entry;
      /** The name that the log was signed under. */
      readonly origin: string;
      /** Entries of the log when it was signed. */
      readonly size: bigint;
      readonly witnesses: readonly string[];
    }
  | { readonly holds: false; readonly why: string };

const FAULTS: Readonly<Record<string, string>> = {
  form: "This is not a receipt, or not the whole of one",
  trust: "None of these keys vouches for it",
  proof: "The proof does not lead to this entry",
};

/** The first line of the checkpoint: which log this claims to be. */
function claimedOrigin(receipt: string): string {
  const border = receipt.indexOf("\n\n");
  return border < 0 ? "" : (receipt.slice(border + 2).split("\n", 1)[0] ?? "");
}

/**
 * Checks `receipt` (the text of a C2SP tlog-proof) against `keys`, one a line: those of the deployment as
 * `caracald audit keys` prints them, and those of witnesses whose names are to be shown.
 */
export function checkReceipt(receipt: string, keys: string): Checked {
  try {
    const lines = keys.split("\n").map((line) => line.trim());
    const texts = lines.filter((line) => line !== "" && !line.startsWith("#"));
    if (texts.length === 0) return { holds: false, why: "Say which keys you believe." };
    const origin = claimedOrigin(receipt);
    // A key is the log's when it has the log's name, or that of the host before it; every other one is a witness's.
    const ofLog = (text: string) => keyOfLog(parseKey(text), origin).name === origin;
    const { entry, checkpoint, witnesses } = verifyReceipt(encodeText(receipt), {
      origin,
      log: texts.filter(ofLog),
      witnesses: texts.filter((text) => !ofLog(text)),
      threshold: 0,
    });
    return { holds: true, entry, origin, size: checkpoint.size, witnesses };
  } catch (error) {
    if (!(error instanceof DoesNotHold)) throw error;
    const what = FAULTS[error.kind] ?? "It does not hold";
    return { holds: false, why: `${what}: ${error.message}.` };
  }
}
