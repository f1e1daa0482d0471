import { expect, test } from "vitest";
import { empty, firstCall, granted, policyText, problems, resource, rowsOf, slug } from "./plan.ts";

const filled = {
  ...empty("api"),
  name: "Orders API",
  upstream: "https://orders.example",
  secret: "s",
  application: 'The "agent"',
  operations: [
    { method: "POST", path: "/orders", access: "write" },
    { method: "GET", path: "/orders/{id}", access: "read" },
  ],
} as const;

test("an agent may read unless it was said that it may write", () => {
  expect(granted(filled)).toEqual(["orders-api:read"]);
  expect(granted({ ...filled, mayWrite: true })).toEqual(["orders-api:read", "orders-api:write"]);
  expect(firstCall(filled)).toEqual({ method: "GET", path: "/orders/example", scope: "orders-api:read" });
});

test("a name cannot break out of the policy's text", () => {
  const text = policyText({ ...filled, application: '"}\ngrants := {' }, 'app"');
  expect(text).toContain('app_ids := {"grants": "app\\""}');
  expect(slug("Ünïcode  Näme!")).toBe("u-ni-code-na-me");
});

test("each empty field is named", () => {
  expect(Object.keys(problems(empty("api"))).sort()).toEqual(["application", "name", "secret", "upstream"]);
  expect(problems(filled)).toEqual({});
  expect(resource(filled, "p").operations).toHaveLength(2);
});

test("an MCP server has its messages declared, and the first call connects", () => {
  const tools = { ...filled, ...{ operations: empty("mcp").operations } };
  expect(problems(tools)).toEqual({});
  expect(granted(tools)).toEqual(["orders-api:connect"]);
  expect(granted({ ...tools, mayWrite: true })).toEqual(["orders-api:connect", "orders-api:write"]);
  const first = firstCall(tools);
  expect(first).toMatchObject({ method: "POST", path: "/", scope: "orders-api:connect" });
  expect(JSON.parse(first.body ?? "")).toMatchObject({ jsonrpc: "2.0", method: "initialize" });
  // It stands between quotation marks in programs and in a shell.
  expect(first.body).not.toMatch(/['\\#]/);
  const slash = { ...tools, operations: [{ method: "MCP", path: "/tools", access: "read" }] } as const;
  expect(Object.keys(problems(slash))).toEqual(["operations"]);
});

test("operations out of a document keep what they are good for", () => {
  const named = (path: string, scope: string) => ({ method: "MCP", path, scope });
  expect(
    rowsOf([named("ping", "x:connect"), named("tools/call:a", "x:read"), named("tools/call:b", "x:call")]),
  ).toEqual([
    { method: "MCP", path: "ping", access: "connect" },
    { method: "MCP", path: "tools/call:a", access: "read" },
    { method: "MCP", path: "tools/call:b", access: "write" },
  ]);
});
