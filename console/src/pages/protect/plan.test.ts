import { expect, test } from "vitest";
import { EMPTY, firstCall, granted, policyText, problems, resource, slug } from "./plan.ts";

const filled = {
  ...EMPTY,
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
  expect(Object.keys(problems(EMPTY)).sort()).toEqual(["application", "name", "secret", "upstream"]);
  expect(problems(filled)).toEqual({});
  expect(resource(filled, "p").operations).toHaveLength(2);
});
