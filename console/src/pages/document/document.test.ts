import { expect, test } from "vitest";
import { readDocument, sides } from "./document.ts";

test("a text that is no document says why", () => {
  expect(readDocument("{")).toHaveProperty("wrong");
  expect(readDocument("[]")).toEqual({ wrong: "A document of a zone is a JSON object." });
  expect(readDocument("null")).toHaveProperty("wrong");
  expect(readDocument('{"applications": []}')).toEqual({ document: { applications: [] } });
});

test("only what changes is compared, whatever the order of its members", () => {
  const zone = {
    applications: [{ name: "kept", traits: [] }],
    policies: [{ name: "desk", content: "a\nb\n" }],
    providers: [{ identifier: "provider://gone", kind: "none" }],
  };
  const document = { policies: [{ content: "a\nc\n", name: "desk" }], applications: [{ name: "new" }] };
  const { before, after } = sides(zone, document, [
    { kind: "provider", name: "provider://gone", action: "delete" },
    { kind: "application", name: "new", action: "create" },
    { kind: "policy", name: "desk", action: "update", fields: ["content"] },
  ]);
  expect(before).toBe(
    [
      "provider provider://gone",
      '  identifier: "provider://gone"',
      '  kind: "none"',
      "application new",
      "policy desk",
      "  content:",
      "    a",
      "    b",
      '  name: "desk"',
    ].join("\n"),
  );
  expect(after).toBe(
    [
      "provider provider://gone",
      "application new",
      '  name: "new"',
      "policy desk",
      "  content:",
      "    a",
      "    c",
      '  name: "desk"',
    ].join("\n"),
  );
});

test("a credential that is given is not shown", () => {
  const document = { providers: [{ identifier: "provider://key", secrets: { api_key: "s-canary" } }] };
  const { after } = sides({}, document, [
    { kind: "provider", name: "provider://key", action: "update", fields: ["secrets"] },
  ]);
  expect(after).toContain("secrets: given, and not shown");
  expect(after).not.toContain("s-canary");
});
