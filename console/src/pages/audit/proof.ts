/** Whether events are in the ledger as they are shown, worked out in the browser from their receipts. */

import type { AuditSchema, Schema } from "../../api/client.ts";
import { type Checked, checkReceipt } from "../receipts/check.ts";

type Event = Schema["LedgerEvent"];

export type Proof =
  /** It stands in the ledger as it is shown. */
  | { readonly kind: "proved"; readonly found: Holds; readonly receipt: string }
  /** A receipt that holds, but only under a key that is not known here. */
  | { readonly kind: "stranger"; readonly found: Holds; readonly receipt: string }
  /** The ledger has it, and something else is shown. */
  | { readonly kind: "altered"; readonly members: readonly string[]; readonly receipt: string }
  /** The receipt proves nothing of it. */
  | { readonly kind: "wrong"; readonly why: string; readonly receipt: string }
  /** There is no receipt of it yet. */
  | { readonly kind: "missing" };

type Holds = Extract<Checked, { holds: true }>;

/** What is compared; the rest of what is shown is about the event, not of it. */
const MEMBERS = [
  "id",
  "zone_id",
  "event_type",
  "request_id",
  "decision",
  "policy_set_id",
  "policy_set_version_id",
  "manifest_sha",
  "evaluation_status",
  "determining_policies_json",
  "diagnostics_json",
  "metadata_json",
  "record",
] as const;

/** What the Control API shows in the place of what is named like a credential. */
const HIDDEN = "[redacted]";

/** Whether what is shown is what stands in the ledger. Nothing and null are the same. */
export function same(shown: unknown, kept: unknown): boolean {
  if (shown === HIDDEN || shown === kept) return true;
  if (shown === undefined || shown === null) return kept === undefined || kept === null;
  if (typeof shown !== "object" || typeof kept !== "object" || kept === null) return false;
  if (Array.isArray(shown) !== Array.isArray(kept)) return false;
  const [one, other] = [shown as Record<string, unknown>, kept as Record<string, unknown>];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name], other[name]));
}

function read(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Members of the event that are shown otherwise than they stand in the ledger. */
export function altered(event: Event, body: string): string[] {
  const kept = read(body);
  const members: string[] = MEMBERS.filter((member) => !same(event[member], kept[member]));
  if (Date.parse(event.occurred_at) !== Date.parse(String(kept["occurred_at"]))) members.push("occurred_at");
  return members;
}

function prove(event: Event, receipt: string | undefined, known: string, offered: string): Proof {
  if (receipt === undefined) return { kind: "missing" };
  const believed = checkReceipt(receipt, known);
  const found = believed.holds ? believed : checkReceipt(receipt, offered);
  if (!found.holds) return { kind: "wrong", why: believed.holds ? "" : believed.why, receipt };
  if (found.entry.log !== `ledger/${event.zone_id}`)
    return { kind: "wrong", why: `It is of another log, ${found.entry.log}.`, receipt };
  const members = altered(event, found.entry.body);
  if (members.length > 0) return { kind: "altered", members, receipt };
  return { kind: believed.holds ? "proved" : "stranger", found, receipt };
}

/**
 * What the receipts prove of each event, by its id, to somebody who believes the keys `known`. Those that are `offered`
 * besides are believed by nobody yet.
 */
export function proveAll(
  events: readonly Event[],
  receipts: readonly AuditSchema["EventReceipt"][],
  known: readonly string[],
  offered: readonly string[],
): ReadonlyMap<string, Proof> {
  const byEvent = new Map(receipts.map((one) => [one.event_id, one.receipt]));
  const [believed, all] = [known.join("\n"), [...known, ...offered].join("\n")];
  return new Map(events.map((event) => [event.id, prove(event, byEvent.get(event.id), believed, all)]));
}
