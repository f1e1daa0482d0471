import { expect, test } from "vitest";
import { browser } from "./browser.ts";

test("a browser is called as people call it", () => {
  expect(browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")).toBe(
    "Chrome on Linux",
  );
  expect(browser("curl/8")).toBe("Another browser");
});
