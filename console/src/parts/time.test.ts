import { expect, test } from "vitest";
import { ago, span } from "./time.tsx";

test("a span is told in the largest unit that it is a whole number of", () => {
  expect([1, 90, 900, 3_600, 86_400, 604_800].map(span)).toEqual([
    "1 second",
    "90 seconds",
    "15 minutes",
    "1 hour",
    "1 day",
    "7 days",
  ]);
});

test("an instant is now, ago or ahead", () => {
  const now = new Date("2026-01-01T00:00:00Z");
  expect(ago(now, now)).toBe("now");
  expect(ago(new Date("2025-12-31T23:00:00Z"), now)).toContain("1 hr");
  expect(ago(new Date("2026-01-01T00:14:00Z"), now)).toContain("in 14");
});
