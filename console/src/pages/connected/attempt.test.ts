import { expect, test } from "vitest";
import { attemptOf } from "./attempt.ts";

test("what comes back is taken where it was begun, and nowhere else", () => {
  const attempt = { zone: "z", provider: "p", state: "s" };
  expect(attemptOf(JSON.stringify(attempt), "s")).toEqual(attempt);
  for (const kept of [JSON.stringify({ ...attempt, state: "t" }), "{}", "null", "[]", "no JSON"])
    expect(attemptOf(kept, "s"), kept).toBeUndefined();
});
