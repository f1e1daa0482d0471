import { expect, test } from "vitest";
import { about, happened, reason } from "./words.ts";

const event = (metadata_json: unknown, decision = "allow") => ({
  event_type: "token_exchange",
  metadata_json,
  decision,
});

test("an event tells what it was about, an operation before a thing, and ids in short", () => {
  expect(about(event({ method: "GET", path: "/x", resource: "resource://a" }))).toBe("GET /x");
  expect(about(event({ agent_session_id: "01a22592-57e2-73f1-b991-66488dfbb83b" }))).toBe("01a22592…fbb83b");
  expect(about(event(null))).toBe("");
  expect(happened(event({}))).toBe("Asked for a mandate");
});

test("only what was refused has a reason", () => {
  expect(reason(event({ reason: "x" }))).toBeUndefined();
  expect(reason({ ...event({}, "deny"), diagnostics_json: [{ reason: "role_scope_mismatch" }] })).toBe(
    "role_scope_mismatch",
  );
});
