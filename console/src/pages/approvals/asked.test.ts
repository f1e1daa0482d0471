import { expect, test } from "vitest";
import { asked, givenUp, history, operation, purpose, standing } from "./asked.ts";
import { plainly } from "./plainly.ts";

const approval = (metadata: object, approved = 0, rejected = 0) =>
  ({ metadata_json: metadata, prior_approved: approved, prior_rejected: rejected }) as never;

test("what was asked is told, and nothing that is no text", () => {
  expect(asked(approval({ requested_scopes: ["a:b", 7], resources: "x", agent_session_id: "s" }))).toEqual({
    scopes: ["a:b"],
    resources: [],
    labels: [],
    session: "s",
  });
});

test("what was rejected before is said first", () => {
  expect(history(approval({}, 9, 1))).toContain("Rejected 1");
  expect(history(approval({}, 5))).toContain("without asking");
  expect(history(approval({}))).toBe("The first of its kind.");
});

test("the one call is told before the scopes of the mandate", () => {
  const call = { method: "POST", path: "/refunds/7", query: "notify=1" };
  expect(operation(call)).toBe("POST /refunds/7?notify=1");
  expect(operation({ ...call, call: "tools/call:refund" })).toBe("tools/call:refund");
  expect(purpose({ metadata_json: { requested_scopes: ["a:b"] }, call } as never)).toBe(
    "POST /refunds/7?notify=1",
  );
  expect(purpose({ metadata_json: { requested_scopes: ["a:b", "a:c"] } } as never)).toBe("a:b a:c");
});

test("a yes that was taken back is told from a no", () => {
  expect(standing({ state: "rejected" } as never)).toBe("rejected");
  expect(standing({ state: "rejected", withdrawn_at: "2026-01-01T00:00:00Z" } as never)).toBe("withdrawn");
});

test("nothing that cannot be seen is left in what a person decides by", () => {
  expect(plainly("pay \u202e001\u202c to\u200b me\u0000")).toBe(
    "pay \\u{202e}001\\u{202c} to\\u{200b} me\\u{0}",
  );
  expect(plainly("\u{e0041}\ufe0f\u3164\u2028")).toBe("\\u{e0041}\\u{fe0f}\\u{3164}\\u{2028}");
  expect(plainly("déjà vu\n\tשלום 中文 👍")).toBe("déjà vu\n\tשלום 中文 👍");
});

test("what whoever asked gave up is told from a yes that was taken back", () => {
  const withdrawn_at = "2026-01-01T00:00:00Z";
  expect(givenUp({ withdrawn_at, approver_subject_id: "asker" })).toBe(true);
  expect(givenUp({ withdrawn_at, approver_subject_id: "console:a" })).toBe(false);
  expect(givenUp({ withdrawn_at: null, approver_subject_id: "asker" })).toBe(false);
});
