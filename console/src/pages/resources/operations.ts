import type { Schema } from "../../api/client.ts";

type Operation = Schema["Operation"];

/** Operations as lines of method, path and scope. */
export function writeOperations(operations: ReadonlyArray<Operation>): string {
  return operations.map(({ method, path, scope }) => `${method} ${path} ${scope}\n`).join("");
}

/** Reads such lines; what is wrong names the line. */
export function parseOperations(text: string): { operations: Operation[]; wrong?: string } {
  const operations: Operation[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const [method, path, scope] = words;
    const known = method !== undefined && /^[A-Z]+$/.test(method);
    if (words.length !== 3 || !known || path === undefined || scope === undefined)
      return { operations, wrong: `Line ${index + 1} is not a method, a path and a scope.` };
    if (!["MCP", "GRPC"].includes(method) && !path.startsWith("/"))
      return { operations, wrong: `The path in line ${index + 1} does not begin with a slash.` };
    operations.push({ method, path, scope });
  }
  return operations.length === 0 ? { operations, wrong: "Declare at least one operation." } : { operations };
}
