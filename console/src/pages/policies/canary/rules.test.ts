import { expect, test } from "vitest";
import { ending, percent, rulesOf, typedOf, USUAL, unusable, wrong } from "./rules.ts";

test("what is typed is taken as the service takes it, and nothing else is", () => {
  expect(unusable(USUAL)).toBeUndefined();
  expect(rulesOf(USUAL)).toEqual({
    share_percent: 10,
    min_decisions: 100,
    max_newly_denied_percent: 5,
    max_denied_percent: 100,
  });
  for (const share of ["", "0", "101", "1.5", "-1", "1e1", "ten", "0x10"]) {
    expect(wrong({ ...USUAL, share }, "share"), share).toContain("from 1 to 100");
    expect(unusable({ ...USUAL, share })).toBeDefined();
  }
  expect(wrong({ ...USUAL, newlyDenied: "0" }, "newlyDenied")).toBeUndefined();
  expect(wrong({ ...USUAL, enough: "1000001" }, "enough")).toBeDefined();
});

test("the rules of a canary are those that were typed", () => {
  const typed = { share: "25", enough: "7", newlyDenied: "0", denied: "40" };
  expect(typedOf(rulesOf(typed) as never)).toEqual(typed);
});

test("a rate of nothing is none, and how it ended is said", () => {
  expect(percent(0, 0)).toBe("none yet");
  expect(percent(1, 8)).toBe("12.5 %");
  expect(ending({ outcome: "too_many_denials" } as never)).toContain("by itself");
  expect(ending({ outcome: null } as never)).toBeUndefined();
});
