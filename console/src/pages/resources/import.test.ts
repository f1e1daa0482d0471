import { expect, test } from "vitest";
import { isThere, MAX_BYTES, merged, readDocument } from "./import.ts";

const found = async (value: unknown) => {
  const read = await readDocument(JSON.stringify(value), "shop");
  return read.kind === "wrong" ? read.why : read.proposals.map((one) => [one.operation, one.refused]);
};

test("an OpenAPI document becomes operations, and what cannot be declared says why", async () => {
  const operations = await found({
    openapi: "3.1.0",
    paths: {
      "/orders/{order-id}": { get: { summary: "One order" }, delete: {}, parameters: [], trace: {} },
      "/files/{name}.json": { get: {} },
      orders: { get: {} },
      "/x:y": { post: {} },
      "/none": null,
    },
  });
  expect(operations).toEqual([
    [{ method: "GET", path: "/orders/{order_id}", scope: "shop:read" }, undefined],
    [{ method: "DELETE", path: "/orders/{order_id}", scope: "shop:write" }, undefined],
    [expect.objectContaining({ path: "/files/{name}.json" }), "{name}.json is a part of a segment alone"],
    [expect.objectContaining({ path: "orders" }), "its path does not begin with a slash"],
    [expect.objectContaining({ path: "/x:y" }), expect.stringContaining("stand for something else")],
  ]);
});

test("tools become operations in each form in which they are answered", async () => {
  const tools = [
    { name: "search", annotations: { readOnlyHint: true }, description: "Finds\nthings" },
    { name: "delete" },
    { name: "two words" },
    { title: "nameless" },
  ];
  for (const value of [tools, { tools }, { jsonrpc: "2.0", id: 1, result: { tools } }]) {
    const operations = await found(value);
    expect(operations.slice(-3)).toEqual([
      [{ method: "MCP", path: "tools/call:search", scope: "shop:read" }, undefined],
      [{ method: "MCP", path: "tools/call:delete", scope: "shop:call" }, undefined],
      [expect.anything(), "its name has blanks, or is none"],
    ]);
    expect(operations[0]?.[0]).toMatchObject({ path: "initialize", scope: "shop:connect" });
  }
});

test("anything else is refused with a sentence", async () => {
  expect(await readDocument("a: [", "x")).toMatchObject({
    kind: "wrong",
    why: expect.stringContaining("neither JSON nor YAML"),
  });
  expect(await readDocument(" ".repeat(MAX_BYTES + 1), "x")).toMatchObject({
    why: expect.stringContaining("4 MiB"),
  });
  for (const value of [1, null, "x", {}, { paths: {} }, { openapi: "3.0.0", paths: [] }])
    expect(await found(value)).toContain("neither");
  expect(await found({ openapi: "3.0.0", paths: { "/a": { summary: "none" } } })).toContain("no operation");
  expect(await found([])).toContain("No tool");
});

test("a document in YAML is read as one in JSON is", async () => {
  const read = await readDocument(
    `# Orders
openapi: 3.1.0
x-shared: &shared
  summary: No
  responses: { 200: { description: ok } }
paths:
  /orders/{order-id}:
    get: *shared
    post:
      summary: >-
        Changes
        an order
  __proto__:
    get: {}
`,
    "shop",
  );
  expect(read).toMatchObject({
    kind: "openapi",
    proposals: [
      { operation: { method: "GET", path: "/orders/{order_id}", scope: "shop:read" }, about: "No" },
      { operation: { method: "POST", path: "/orders/{order_id}" }, about: "Changes an order" },
      { refused: "its path does not begin with a slash" },
    ],
  });
  expect(({} as { get?: unknown }).get).toBeUndefined();
});

test("a few lines of YAML do not become gigabytes, and no code of theirs is run", async () => {
  const bomb = [
    "a0: &a0 [x, x]",
    ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
  ];
  expect(await readDocument(`openapi: 3.1.0\n${bomb.join("\n")}\npaths: *a30\n`, "x")).toMatchObject({
    kind: "wrong",
  });
  const tagged = 'openapi: 3.1.0\npaths: !!js/function "function () { globalThis.broken = 1 }"\n';
  expect(await readDocument(tagged, "x")).toMatchObject({ kind: "wrong" });
  expect("broken" in globalThis).toBe(false);
});

test("what is declared already stays as it is", () => {
  const there = [{ method: "GET", path: "/a", scope: "mine" }];
  const chosen = [
    { method: "GET", path: "/a", scope: "theirs" },
    { method: "POST", path: "/a", scope: "theirs" },
  ];
  expect(merged(there, chosen)).toEqual([there[0], chosen[1]]);
  expect(chosen.map((one) => isThere(there, one))).toEqual([true, false]);
});
