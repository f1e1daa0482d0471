import { expect, test } from "vitest";
import { isThere, MAX_BYTES, merged, readDocument } from "./import.ts";

const found = (value: unknown) => {
  const read = readDocument(JSON.stringify(value), "shop");
  return read.kind === "wrong" ? read.why : read.proposals.map((one) => [one.operation, one.refused]);
};

test("an OpenAPI document becomes operations, and what cannot be declared says why", () => {
  const operations = found({
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

test("tools become operations in each form in which they are answered", () => {
  const tools = [
    { name: "search", annotations: { readOnlyHint: true }, description: "Finds\nthings" },
    { name: "delete" },
    { name: "two words" },
    { title: "nameless" },
  ];
  for (const value of [tools, { tools }, { jsonrpc: "2.0", id: 1, result: { tools } }]) {
    const operations = found(value);
    expect(operations.slice(-3)).toEqual([
      [{ method: "MCP", path: "tools/call:search", scope: "shop:read" }, undefined],
      [{ method: "MCP", path: "tools/call:delete", scope: "shop:call" }, undefined],
      [expect.anything(), "its name has blanks, or is none"],
    ]);
    expect(operations[0]?.[0]).toMatchObject({ path: "initialize", scope: "shop:connect" });
  }
});

test("anything else is refused with a sentence", () => {
  expect(readDocument("a: b", "x")).toMatchObject({ kind: "wrong", why: expect.stringContaining("YAML") });
  expect(readDocument(" ".repeat(MAX_BYTES + 1), "x")).toMatchObject({
    why: expect.stringContaining("4 MiB"),
  });
  for (const value of [1, null, "x", {}, { paths: {} }, { openapi: "3.0.0", paths: [] }])
    expect(found(value)).toContain("neither");
  expect(found({ openapi: "3.0.0", paths: { "/a": { summary: "none" } } })).toContain("no operation");
  expect(found([])).toContain("No tool");
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
