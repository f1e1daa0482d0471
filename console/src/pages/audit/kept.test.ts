import { expect, test } from "vitest";
import { LONGEST_NAME, MOST_KEPT, parseKept, same, withOne } from "./kept.ts";

const NAMES = ["decision", "since"];

test("what a browser kept is believed as far as it says filters", () => {
  const good = { name: "refused today", query: { decision: "deny", since: "24h" } };
  const odd: readonly unknown[] = [
    good,
    null,
    { name: "" },
    { name: "x".repeat(LONGEST_NAME + 1), query: good.query },
    { name: "of something else", query: { __proto__: "x", constructor: "y", format: "csv" } },
    { name: "too long", query: { decision: "d".repeat(300) } },
    { name: "numbers", query: { decision: 7 } },
  ];
  expect(parseKept(JSON.stringify(odd), NAMES)).toEqual([good]);
  expect(parseKept("{", NAMES)).toEqual([]);
  expect(parseKept('{"name":"x"}', NAMES)).toEqual([]);
  expect(parseKept(null, NAMES)).toEqual([]);
  const many = Array.from({ length: MOST_KEPT + 9 }, () => good);
  expect(parseKept(JSON.stringify(many), NAMES)).toHaveLength(MOST_KEPT);
});

test("one of the same name takes the place of the other", () => {
  const a = { name: "b", query: { decision: "deny" } };
  const b = { name: "b", query: { decision: "allow" } };
  const c = { name: "a", query: { since: "1h" } };
  expect(withOne(withOne([a], b), c)).toEqual([c, b]);
  expect(same(a.query, b.query)).toBe(false);
  expect(same({ decision: "deny" }, a.query)).toBe(true);
  expect(same({}, a.query)).toBe(false);
});
