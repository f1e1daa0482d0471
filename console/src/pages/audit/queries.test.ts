import { expect, test } from "vitest";
import { began, question } from "./queries.ts";

test("a span begins at a whole minute", () => {
  const now = new Date("2026-03-02T10:20:30.400Z");
  expect(began("24h", now)).toBe("2026-03-01T10:20:00.000Z");
  expect(began("15m", now)).toBe("2026-03-02T10:05:00.000Z");
});

test("an instant comes before a span, and neither is asked for where none is given", () => {
  const now = new Date("2026-03-02T10:20:30.400Z");
  expect(question({ decision: "deny", limit: 100 }, now)).toEqual({ decision: "deny", limit: "100" });
  expect(question({ since: "15m" }, now)).toEqual({ since: "2026-03-02T10:05:00.000Z" });
  const from = "2026-03-01T00:00:00.000Z";
  expect(question({ since: "15m", from, until: "u" }, now)).toEqual({ since: from, until: "u" });
});
