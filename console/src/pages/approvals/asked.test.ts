import { expect, test } from "vitest";
import { asked, history } from "./asked.ts";

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
