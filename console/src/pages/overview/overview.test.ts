import { expect, test } from "vitest";
import type { Schema } from "../../api/client.ts";
import { attention } from "./attention.ts";
import { byReason } from "./refusals.tsx";

const overview = {
  zone_id: "z",
  generated_at: "2026-01-01T00:00:00Z",
  applications: { total: 1, expired: 0, expiring_soon: 0 },
  resources: { total: 1, unenforced: 0 },
  providers: { total: 1 },
  policy_sets: { total: 0, enforcing: 0 },
  sessions: { active: 0 },
  decisions_24h: { allowed: 0, denied: 0 },
  recent_events: [],
} satisfies Schema["Overview"];

test("a zone without policy says that everything is refused, and one in order says nothing", () => {
  expect(attention(overview, 0)[0]?.to).toBe("/z/$zone/policies");
  expect(attention({ ...overview, policy_sets: { total: 1, enforcing: 1 } }, 0)).toEqual([]);
  expect(attention(overview, 2)[0]?.text).toBe("2 requests wait for a person.");
});

test("reasons are counted, most often first", () => {
  const event = (reason: string) =>
    ({ decision: "deny", event_type: "token_exchange", metadata_json: { reason } }) as Schema["LedgerEvent"];
  expect(byReason([event("a"), event("b"), event("b")])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});
