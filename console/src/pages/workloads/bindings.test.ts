import { expect, test } from "vitest";
import { parseBindings, writeBindings } from "./bindings.ts";

test("bindings go through text and back, and a wrong line is named", () => {
  const text = "ORDERS_TOKEN resource://orders orders:read\nMAIL_TOKEN? resource://mail\n";
  expect(writeBindings(parseBindings(text).bindings)).toBe(text);
  expect(parseBindings("OK resource://a\n1BAD resource://b").wrong).toContain("Line 2");
  expect(parseBindings("ALONE").wrong).toContain("Line 1");
});
