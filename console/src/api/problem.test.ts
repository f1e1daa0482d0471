import { expect, test } from "vitest";
import { Problem } from "./problem.ts";

test("fields that broke a rule are told by their path", () => {
  const problem = new Problem(400, {
    error: "invalid_zone",
    error_description: "name: must not be empty",
    details: { issues: [{ path: ["config", "name"], message: "must not be empty" }, { path: "x" }] },
  });
  expect(problem.issues).toEqual([{ path: "config.name", message: "must not be empty" }]);
  expect(problem.message).toBe("Name: must not be empty.");
});

test("what is no answer of ours is told as well", () => {
  expect(new Problem(0, undefined).message).toContain("does not answer");
  expect(new Problem(502, "<html>").code).toBe("unknown");
  expect(new Problem(429, { error: "rate_limited" }, 7).message).toContain("7 seconds");
});
