import { expect, test } from "vitest";
import { httpsOnly, safeReturn, signOutAt } from "./away.ts";

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

test("a browser is sent to https addresses alone", () => {
  expect(httpsOnly("https://id.example/auth?x=1")).toBe("https://id.example/auth?x=1");
  for (const bad of ["http://id.example/", "javascript:alert(1)", "data:text/html,x", "/relative", ""]) {
    expect(() => httpsOnly(bad), bad).toThrow();
    expect(signOutAt({ continue_at: bad }), bad).toBeUndefined();
  }
  expect(signOutAt(undefined)).toBeUndefined();
  expect(signOutAt({ continue_at: null })).toBeUndefined();
});
