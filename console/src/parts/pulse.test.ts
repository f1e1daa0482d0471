import { expect, test } from "vitest";
import { freshnessOf } from "./pulse.tsx";

const at = (ms: number): Date => new Date(ms);

test("what is asked for again is stale once an answer failed or is overdue", () => {
  const fine = { dataUpdatedAt: 10_000, failureCount: 0 };
  expect(freshnessOf(fine, 3_000, at(14_000))).toBe("live");
  expect(freshnessOf(fine, 3_000, at(15_001))).toBe("stale");
  expect(freshnessOf({ ...fine, failureCount: 1 }, 3_000, at(11_000))).toBe("stale");
});
