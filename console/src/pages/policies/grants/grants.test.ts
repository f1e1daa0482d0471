import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Grants, readGrants, shortName, toggled, writeGrants } from "./grants.ts";
import { literalOf, NotData } from "./literal.ts";

const HEAD = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\n";
const TEXT = `${HEAD}app_ids := {"runner": "an-id"} # who

# What they may.
grants := {"resource://run": {
    "application": "runner", # here
    "roles": {"r": ["run:read"],},
}}

risk contains {"scope": "run:write", "tier": "high"}
`;

describe("grants", () => {
  it("are read out of the text and written back, and the rest stays as it is", () => {
    const read = readGrants(TEXT);
    expect(read).toEqual({
      grants: { "resource://run": { application: "runner", roles: { r: ["run:read"] } } },
      applications: { runner: "an-id" },
    });
    expect(writeGrants(TEXT, read)).toBe(TEXT);
    const grant = read.grants["resource://run"];
    if (!grant) throw new Error("no grant");
    const next = writeGrants(TEXT, {
      ...read,
      grants: { "resource://run": toggled(toggled(grant, "r", "run:write"), "r", "run:read") },
    });
    expect(next).toContain('app_ids := {"runner": "an-id"} # who\n\n# What they may.\ngrants := {\n');
    expect(next).toContain('"r": ["run:write"],');
    expect(next.endsWith('}\n\nrisk contains {"scope": "run:write", "tier": "high"}\n')).toBe(true);
  });

  it("are put at the end where there are none yet", () => {
    const grants: Grants = {
      grants: { "resource://x": { application: "a", roles: {} } },
      applications: { a: "1" },
    };
    const text = writeGrants(HEAD, grants);
    expect(text.startsWith(HEAD.trimEnd())).toBe(true);
    expect(readGrants(text)).toEqual(grants);
  });

  it("go through text and back, whatever they are called", () => {
    const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
    const roles = fc.dictionary(name, fc.uniqueArray(name, { maxLength: 4 }), { maxKeys: 4 });
    const grants = fc.dictionary(name, fc.record({ application: name, roles }), { maxKeys: 4 });
    const all = fc.record({ grants, applications: fc.dictionary(name, name, { maxKeys: 4 }) });
    fc.assert(
      fc.property(all, (one) => {
        expect(readGrants(writeGrants(TEXT, one))).toEqual(one);
      }),
    );
  });

  it("that have to be worked out are left to whoever writes text", () => {
    for (const rule of [
      'grants := object.union({}, {"a": 1})',
      'grants := {"a": x}',
      'grants := {"a": {"application": "b", "roles": {"r": scopes}}}',
      'grants["a"] := {"application": "b", "roles": {}}',
      "grants := {} if input.x\n",
      'grants := {}\n\ngrants := {"a": {"application": "b", "roles": {}}}',
      "default grants := {}",
      'grants := {"a": 1, "a": 2}',
      'grants := {"a": {"application": "b", "roles": {}, "more": 1}}',
      'grants := {"a": {"application": "b"}}',
      "grants := {",
      `grants := ${"[".repeat(40)}`,
      'app_ids := {"a": 1}',
      "grants := [1]",
    ])
      expect(() => readGrants(`${HEAD}${rule}\n`), rule).toThrow(NotData);
  });

  it("of another name are not taken for them, nor what stands in a comment", () => {
    const text = `${HEAD}# grants := {"a": 1}\ngrants_of := {}\n`;
    expect(literalOf(text, "grants")).toBeUndefined();
  });
});

it("a short name is one that is not taken", () => {
  expect(shortName("Billing Agent!", {})).toBe("billing-agent");
  expect(shortName("Billing Agent", { "billing-agent": "1", "billing-agent-2": "2" })).toBe(
    "billing-agent-3",
  );
  expect(shortName("אב", {})).toBe("application");
});
