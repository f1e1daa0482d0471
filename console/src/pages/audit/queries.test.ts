import { expect, test } from "vitest";
import { began } from "./queries.ts";

test("a span begins at a whole minute", () => {
  const now = new Date("2026-03-02T10:20:30.400Z");
  expect(began("24h", now)).toBe("2026-03-01T10:20:00.000Z");
  expect(began("15m", now)).toBe("2026-03-02T10:05:00.000Z");
});
