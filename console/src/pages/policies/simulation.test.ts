import { expect, test } from "vitest";
import { inputOf, parseInput } from "./simulation.ts";

test("the input of the first refusal that policy made stands there", () => {
  const denial = (policy_input: unknown) => ({ policy_input }) as never;
  expect(inputOf({ denied: [denial(null), denial({ a: 1 }), denial({ b: 2 })] })).toBe('{\n  "a": 1\n}');
  expect(inputOf({ denied: [denial(null)] })).toBeUndefined();
});

test("what is typed is an object, or says what is wrong", () => {
  expect(parseInput('{"a": 1}')).toEqual({ input: { a: 1 } });
  expect(parseInput(" ").wrong).toContain("Say what");
  expect(parseInput("[1]").wrong).toContain("object");
  expect(parseInput("{").wrong).toContain("no JSON");
});
