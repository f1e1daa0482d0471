import { expect, test } from "vitest";
import { access, amount, became } from "./words.ts";

const member = (version: number) => ({ policy_version_id: "v", version, content_sha256: "" });

test("what became of a policy is said with its versions", () => {
  expect(became({ change: "added", from: null, to: member(1) })).toBe("is new, with version 1");
  expect(became({ change: "removed", from: member(2), to: null })).toBe("is gone; it had version 2");
  expect(became({ change: "changed", from: member(2), to: member(3) })).toBe("goes from version 2 to 3");
});

test("documents and access are summed up, and what was not looked at is said", () => {
  expect(amount({ added_count: 2, removed_count: 0 })).toBe("2 new");
  expect(amount({ added_count: 1, removed_count: 3 })).toBe("1 new, 3 gone");
  const none = {
    newly_denied: 0,
    newly_allowed: 0,
    newly_held: 0,
    held_otherwise: 0,
    compared: 12,
    complete: true,
    changes: [],
  };
  expect(access(none)).toContain("none is decided otherwise.");
  expect(access({ ...none, newly_denied: 1, complete: false })).toMatch(
    /1 is decided otherwise\. There are more/,
  );
});
