import { expect, test } from "vitest";
import { safeReturn } from "./route.tsx";

test("nobody is sent to another site after signing in", () => {
  expect(safeReturn("/z/one/audit?request=r#x")).toBe("/z/one/audit?request=r#x");
  for (const bad of [
    undefined,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
  ]) {
    expect(safeReturn(bad), String(bad)).toBe("/");
  }
});
