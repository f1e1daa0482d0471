import { expect, test } from "vitest";
import { ceiling, millis, path } from "./scale.ts";

test("a chart ends at a figure that can be read", () => {
  expect([0, 3, 4, 5, 11, 21, 26, 99, 101, 1_000].map((value) => ceiling(value))).toEqual([
    5, 5, 5, 5, 20, 25, 50, 100, 200, 1_000,
  ]);
  expect([0, 1, 12].map((value) => ceiling(value, 1))).toEqual([1, 1, 20]);
});

test("a line breaks where nothing is, and shows what stands alone", () => {
  expect(path([null, null], 10)).toBe("");
  expect(path([0, 10], 10)).toBe("M0.5 100.00L1.5 0.00");
  expect(path([5, null, 10], 10)).toBe("M0.1 50.00L0.9 50.00M2.1 0.00L2.9 0.00");
  expect(path([1, 2, null], 1)).toBe("M0.5 0.00L1.5 0.00");
});

test("milliseconds are said as people do", () => {
  expect([0, 999, 1_500].map(millis)).toEqual(["0 ms", "999 ms", `${(1.5).toLocaleString()} s`]);
});
