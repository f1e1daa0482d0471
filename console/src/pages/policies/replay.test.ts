import { expect, test } from "vitest";
import { type Group, type Replayed, together } from "./replay.ts";

const group = (application_id: string, decisions: number, request_ids: string[]): Group => ({
  change: "newly_denied",
  application_id,
  resource: "resource://tickets",
  scopes: ["tickets:read"],
  reason: null,
  decisions,
  request_ids,
});

const part = (groups: Group[], next_cursor: string | null): Replayed => ({
  policy_set_id: "set",
  version_id: "version",
  manifest_sha256: "m",
  since: "2026-01-01T00:00:00Z",
  until: "2026-01-02T00:00:00Z",
  decisions: 10,
  unchanged: 8,
  newly_denied: 2,
  newly_allowed: 0,
  newly_held: 0,
  held_otherwise: 0,
  undecidable: [{ reason: "no_record", decisions: 1 }],
  other_events: 3,
  groups,
  ungrouped: 0,
  complete: next_cursor === null,
  entries_left: 0,
  next_cursor,
});

test("parts of a window add up, and decisions that change alike are one group", () => {
  const sum = together([
    part([group("a", 1, ["1"]), group("b", 1, ["2"])], "more"),
    part([group("b", 5, ["3"])], null),
  ]);
  expect(sum).toMatchObject({
    decisions: 20,
    unchanged: 16,
    newly_denied: 4,
    complete: true,
    other_events: 6,
  });
  expect(sum?.undecidable).toEqual([{ reason: "no_record", decisions: 2 }]);
  expect(sum?.groups).toEqual([group("b", 6, ["2", "3"]), group("a", 1, ["1"])]);
  expect(together([])).toBeUndefined();
});
