import { expect, test } from "vitest";
import { NotData } from "../grants/literal.ts";
import { type DataChange, type TextChange, textChanges, withChanges } from "./changes.ts";

const HEAD = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\n";
const TEXT = `${HEAD}app_ids := {"runner": "an-id"} # who
grants := {
  "resource://run": { # runs
    "application": "runner",
    "roles": {"r": ["run:read"], "none": []},
  },
}
restrict := ["maintenance", {"freeze": 1}]
confinement := [
  {"label_prefix": "eu:", "scopes": ["run:read"]},
  {"label_prefix": "us:", "scopes": []},
]
`;

/** Lines that were taken away, and lines that were put in. */
function difference(before: string, after: string): [string[], string[]] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  return [a.filter((line) => !b.includes(line)), b.filter((line) => !a.includes(line))];
}

const change = (...changes: TextChange[]) => difference(TEXT, withChanges(TEXT, changes));
const role = (label: string, scope = "run:write"): TextChange => ({
  change: "add_role_scope",
  resource: "resource://run",
  label,
  scope,
});

test("a role holds one scope more, and nothing else of the text is changed", () => {
  expect(change(role("r"))).toEqual([
    ['    "roles": {"r": ["run:read"], "none": []},'],
    ['    "roles": {"r": ["run:read", "run:write"], "none": []},'],
  ]);
  expect(change(role("none"))[1]).toEqual(['    "roles": {"r": ["run:read"], "none": ["run:write"]},']);
  expect(change(role("new"))[1]).toEqual([
    '    "roles": {"r": ["run:read"], "none": [], "new": ["run:write"]},',
  ]);
  expect(withChanges(TEXT, [role("r", "run:read")])).toBe(TEXT);
});

test("a grant is made for an application that is named with it, and is moved to another", () => {
  const [gone, come] = change(
    { change: "add_application_key", key: "other", application_id: "its-id" },
    { change: "add_grant", resource: "resource://new", application: "other" },
    { change: "add_role_scope", resource: "resource://new", label: "r", scope: "new:read" },
  );
  expect(gone).toEqual(['app_ids := {"runner": "an-id"} # who']);
  expect(come).toEqual([
    'app_ids := {"runner": "an-id", "other": "its-id"} # who',
    '  "resource://new": {"application": "other", "roles": {"r": ["new:read"]}},',
  ]);
  expect(
    change({
      change: "move_grant",
      resource: "resource://run",
      application: "other",
      instead_of: "runner",
    })[1],
  ).toEqual(['    "application": "other",']);
});

test("a restriction is lifted, the other stays, and a confinement is widened for its own prefix", () => {
  expect(change({ change: "remove_restriction", reason: "maintenance" })[1]).toEqual([
    'restrict := [{"freeze": 1}]',
  ]);
  expect(change({ change: "remove_restriction", reason: '{"freeze":1}' })[1]).toEqual([
    'restrict := ["maintenance"]',
  ]);
  const named = `${HEAD}restrict := {"a": 1, "b": 2}\n`;
  expect(withChanges(named, [{ change: "remove_restriction", reason: "b" }])).toBe(
    `${HEAD}restrict := {"a": 1}\n`,
  );
  expect(change({ change: "add_confinement_scope", label_prefix: "us:", scope: "run:read" })[1]).toEqual([
    '  {"label_prefix": "us:", "scopes": ["run:read"]},',
  ]);
});

test("what is not in this text, or is worked out, is left to a person", () => {
  const elsewhere: TextChange[][] = [
    [{ change: "remove_restriction", reason: "another" }],
    [role("r"), { change: "remove_restriction", reason: "another" }],
    [{ change: "add_role_scope", resource: "resource://other", label: "r", scope: "x" }],
    [{ change: "add_application_key", key: "runner", application_id: "another-id" }],
    [{ change: "add_grant", resource: "resource://new", application: "nobody" }],
    [{ change: "add_confinement_scope", label_prefix: "asia:", scope: "x" }],
  ];
  for (const changes of elsewhere)
    expect(() => withChanges(TEXT, changes), JSON.stringify(changes)).toThrow(NotData);
  for (const text of [HEAD, `${HEAD}grants := object.union({}, {})\n`])
    expect(() => withChanges(text, [role("r")])).toThrow(NotData);
});

test("a name is text, whatever it holds", () => {
  const label = '"]}}\n\ngrants := {"x": "';
  const next = withChanges(TEXT, [role(label)]);
  expect(next.split("\n")).toHaveLength(TEXT.split("\n").length);
  expect(withChanges(next, [role(label)])).toBe(next);
});

test("only changes of a policy's text are made in it", () => {
  const changes: DataChange[] = [{ change: "delegate" }, role("r"), { change: "activate_policy_set" }];
  expect(textChanges(changes)).toEqual([role("r")]);
});
