import { expect, test } from "vitest";
import { wholeNumber } from "./number.ts";

test("what was typed is a whole number, nothing, or wrong", () => {
  expect(["", "  ", "0", " 600 ", "999999999"].map(wholeNumber)).toEqual([null, null, 0, 600, 999_999_999]);
  for (const wrong of ["-1", "1.5", "1e3", "ten", "0x10", "١", "9999999999", "1 000"])
    expect(wholeNumber(wrong), wrong).toBeUndefined();
});
