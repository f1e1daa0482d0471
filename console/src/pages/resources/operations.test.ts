import { expect, test } from "vitest";
import { parseOperations, writeOperations } from "./operations.ts";

test("operations go through text and back, and a wrong line is named", () => {
  const text = "GET /orders/{id} orders:read\nMCP tools/call:search mcp:call\n";
  expect(writeOperations(parseOperations(text).operations)).toBe(text);
  expect(parseOperations("GET /a a:read\nGET a a:read").wrong).toContain("line 2");
  expect(parseOperations("get /a a").wrong).toContain("Line 1");
  expect(parseOperations("\n").wrong).toContain("at least one");
});
