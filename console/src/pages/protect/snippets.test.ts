import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { environment, type Facts, LANGUAGES } from "./snippets.ts";

const API: Facts = {
  zone: "zone-1",
  application: "app-1",
  secret: "secret-1",
  resource: "resource://orders-api",
  scope: "orders-api:read",
  method: "GET",
  path: "/orders/example",
};
const MCP: Facts = { ...API, method: "POST", path: "/", body: '{"jsonrpc":"2.0","id":1}' };

const written = (language: string, facts: Facts): string =>
  LANGUAGES.find(({ name }) => name === language)?.write(facts) ?? "";

test("the TypeScript that is shown passes the strictest of checks, and needs nothing but Node.js", () => {
  // Within the package, where the types of Node.js are found.
  const directory = mkdtempSync(join(process.cwd(), "node_modules/.snippets-"));
  try {
    const files = [API, MCP].map((facts, index) => {
      const file = join(directory, `first-call-${index}.mts`);
      writeFileSync(file, written("TypeScript", facts));
      return file;
    });
    const program = ts.createProgram(files, {
      strict: true,
      noUncheckedIndexedAccess: true,
      noUnusedLocals: true,
      // What Node.js takes away of a program is types alone.
      erasableSyntaxOnly: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ["node"],
    });
    const found = ts.getPreEmitDiagnostics(program);
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);

test("no program holds the secret, and each reads it where the lines above put it", () => {
  expect(environment(API)).toContain("export CARACAL_APP_CLIENT_SECRET=secret-1");
  for (const { name, write } of LANGUAGES)
    for (const facts of [API, MCP]) {
      expect(write(facts), name).not.toContain("secret-1");
      expect(write(facts), name).toContain("CARACAL_APP_CLIENT_SECRET");
      expect(write(facts), name).toContain(facts.resource);
    }
});
