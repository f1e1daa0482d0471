import { expect, test } from "vitest";
import { obstacle, sentence } from "./suggestion.ts";

test("a suggestion is a sentence with its names in it and leads to where it is made", () => {
  expect(
    sentence({
      change: "add_role_scope",
      resource: "resource://tickets",
      label: "reader",
      scope: "tickets:read",
    }),
  ).toEqual(["Let the role reader of resource://tickets hold tickets:read.", "policies"]);
  expect(sentence({ change: "mint_again" })[1]).toBeUndefined();
  expect(obstacle({ changes: [], obstacle: "not_by_data" })).toContain("No change of data");
  expect(obstacle({ changes: [{ change: "thaw_zone" }] })).toBeUndefined();
});
