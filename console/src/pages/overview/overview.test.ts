import { expect, test } from "vitest";
import type { Schema, WebSchema } from "../../api/client.ts";
import type { RoleHealth } from "../../api/roles.ts";
import { applications, slotSearch } from "./activity.ts";
import { attention } from "./attention.ts";
import { lag, standing } from "./health.ts";

const overview = {
  zone_id: "z",
  generated_at: "2026-01-01T00:00:00Z",
  applications: { total: 1, expired: 0, expiring_soon: 0 },
  resources: { total: 1, unenforced: 0 },
  providers: { total: 1 },
  policy_sets: { total: 0, enforcing: 0 },
  sessions: { active: 0 },
  decisions_24h: { allowed: 0, denied: 0, complete: true },
  recent_events: [],
} satisfies Schema["Overview"];

test("a zone without policy says that everything is refused, and one in order says nothing", () => {
  expect(attention(overview, 0)[0]?.to).toBe("/z/$zone/policies");
  expect(attention({ ...overview, policy_sets: { total: 1, enforcing: 1 } }, 0)).toEqual([]);
  expect(attention(overview, 2)[0]?.text).toBe("2 requests wait for a person.");
});

const said = (revocations?: WebSchema["Readiness"]["revocations"], ready = true): RoleHealth => ({
  role: "sts",
  state: "said",
  said: {
    ok: ready,
    ready,
    ...(ready ? {} : { reason: "draining" }),
    ...(revocations ? { revocations } : {}),
  },
});

test("a role is told of by what it says, and one that hears nothing is no good one", () => {
  expect(standing({ role: "sts", state: "untold" }).more).toContain("CARACAL_STS_URL");
  expect(standing({ role: "api", state: "away" }).meaning).toBe("refused");
  expect(standing(said(undefined, false))).toMatchObject({ word: "not ready", more: "draining" });
  expect(standing(said()).word).toBe("ready");
  expect(standing(said({ fresh: false })).word).toBe("stale");
  expect(standing(said({ fresh: true })).more).toBe("Nothing has ended yet.");
  expect(standing(said({ fresh: true, last_lag_ms: 4, longest_lag_ms: 70 })).more).toContain("4 ms");
});

test("the lag is that of the slowest, where any heard of an end", () => {
  expect(lag([said(), { role: "api", state: "away" }])).toBeUndefined();
  expect(lag([said({ fresh: true, last_lag_ms: 4 }), said({ fresh: true, last_lag_ms: 9 })])).toBe(9);
});

test("those that are not told apart are a row of their own, where there are any", () => {
  const counted = { mandates: 0, calls: 0, denied: 0 };
  const one = { application_id: "a", name: null, mandates: 1, calls: 2, denied: 0 };
  expect(applications({ applications: [one], other_applications: counted })).toHaveLength(1);
  const others = { ...counted, denied: 3 };
  expect(applications({ applications: [one], other_applications: others }).at(-1)).toMatchObject({
    id: undefined,
    denied: 3,
  });
});

test("a slot leads to what happened in it", () => {
  const counts = { allowed: 1, denied: 0, calls: 0, p50_ms: null, p95_ms: null };
  expect(slotSearch({ at: "2026-01-01T00:00:00.000Z", ...counts }, 300)).toEqual({
    from: "2026-01-01T00:00:00.000Z",
    until: "2026-01-01T00:05:00.000Z",
  });
});
