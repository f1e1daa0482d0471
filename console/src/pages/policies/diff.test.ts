import fc from "fast-check";
import { expect, test } from "vitest";
import { diff } from "./diff.ts";

test("taking and adding what a difference says makes one text of the other", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diff(before, after);
      const of = (kind: string) =>
        lines
          .filter((line) => line.kind === "same" || line.kind === kind)
          .map((line) => line.text)
          .join("\n");
      expect(of("taken")).toBe(before);
      expect(of("added")).toBe(after);
    }),
  );
  expect(diff("a\nb", "a\nc").map((line) => line.kind)).toEqual(["same", "taken", "added"]);
});
