/** Operations out of what describes an upstream: an OpenAPI document, or what an MCP server answers to `tools/list`. */

import type { Schema } from "../../api/client.ts";

type Operation = Schema["Operation"];

type Proposal = {
  readonly operation: Operation;
  /** What the document says of it. */
  readonly about: string;
  /** Why it cannot be declared; absent where it can. */
  readonly refused?: string;
};

export type Imported =
  | { readonly kind: "openapi" | "tools"; readonly proposals: readonly Proposal[] }
  | { readonly kind: "wrong"; readonly why: string };

/** The longest document that is read: 4 MiB. */
export const MAX_BYTES = 4 << 20;
/** Most operations that are looked at. */
const MAX_PROPOSALS = 2_000;
/** Most operations of a resource. */
export const MAX_OPERATIONS = 256;

const READING = new Set(["get", "head", "options"]);
const METHODS = ["get", "head", "post", "put", "patch", "delete", "options"] as const;
/** What a client of an MCP server sends before it calls a tool. */
const CONNECTING = ["initialize", "notifications/initialized", "ping", "tools/list"] as const;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const line = (value: unknown): string =>
  typeof value === "string" ? (value.split("\n", 1)[0] ?? "").trim().slice(0, 160) : "";

/** A path with parameters as operations have them: each a whole segment, named by letters, digits and `_`. */
function template(path: string): { path: string; refused?: string } {
  if (!path.startsWith("/")) return { path, refused: "its path does not begin with a slash" };
  const named = path.replace(
    /\{([^{}/]*)\}/g,
    (_, name: string) => `{${name.replace(/[^A-Za-z0-9_]/g, "_")}}`,
  );
  const part = named
    .split("/")
    .find((segment) => /[{}]/.test(segment) && !/^\{[A-Za-z0-9_]+\}$/.test(segment));
  if (part !== undefined) return { path: named, refused: `${part} is a part of a segment alone` };
  if (/[\s?#*:]/.test(named))
    return { path: named, refused: "its path has characters that stand for something else" };
  return { path: named };
}

function ofOpenApi(paths: Record<string, unknown>, prefix: string): Proposal[] {
  const found: Proposal[] = [];
  for (const [written, item] of Object.entries(paths)) {
    if (!isObject(item)) continue;
    const { path, refused } = template(written);
    for (const method of METHODS) {
      const described = item[method];
      if (!isObject(described)) continue;
      if (found.length >= MAX_PROPOSALS) return found;
      const scope = `${prefix}:${READING.has(method) ? "read" : "write"}`;
      found.push({
        operation: { method: method.toUpperCase(), path, scope },
        about: line(described["summary"]) || line(described["operationId"]) || line(described["description"]),
        ...(refused ? { refused } : {}),
      });
    }
  }
  return found;
}

function ofTools(tools: readonly unknown[], prefix: string): Proposal[] {
  const named = tools.slice(0, MAX_PROPOSALS).flatMap((tool): Proposal[] => {
    if (!isObject(tool) || typeof tool["name"] !== "string") return [];
    const { name } = tool;
    const hints = isObject(tool["annotations"]) ? tool["annotations"] : {};
    // A hint of the server is its own word, so a person looks at each before it is declared.
    const access = hints["readOnlyHint"] === true ? "read" : "call";
    const plain = name !== "" && name.length <= 512 && !/\s/.test(name);
    return [
      {
        operation: { method: "MCP", path: `tools/call:${name}`, scope: `${prefix}:${access}` },
        about: line(tool["title"]) || line(tool["description"]),
        ...(plain ? {} : { refused: "its name has blanks, or is none" }),
      },
    ];
  });
  const connecting = CONNECTING.map((path) => ({
    operation: { method: "MCP", path, scope: `${prefix}:connect` },
    about: "What every client sends before it calls a tool",
  }));
  return named.length > 0 ? [...connecting, ...named] : [];
}

/** Tools as an array, as an answer, or as the answer of JSON-RPC. */
function toolsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return undefined;
  const answer = isObject(value["result"]) ? value["result"] : value;
  return Array.isArray(answer["tools"]) ? answer["tools"] : undefined;
}

/**
 * JSON, or else YAML, which is what most such documents are written in. Aliases are bounded: a document of a few lines would
 * else become one of gigabytes. Of two members of one name the last counts, as it does in JSON.
 *
 * @throws Error where it is neither
 */
async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { parse } = await import("yaml");
    return parse(text, { schema: "core", uniqueKeys: false, maxAliasCount: 100, logLevel: "error" });
  }
}

/** Reads such a document; scopes begin with `prefix`. Nothing of it is believed but names and paths. */
export async function readDocument(text: string, prefix: string): Promise<Imported> {
  const wrong = (why: string): Imported => ({ kind: "wrong", why });
  if (text.length > MAX_BYTES) return wrong("The document is longer than 4 MiB.");
  let value: unknown;
  try {
    value = await parsed(text);
  } catch (error) {
    return wrong(
      `This is neither JSON nor YAML. ${error instanceof Error ? line(error.message) : ""}`.trim(),
    );
  }
  if (isObject(value) && isObject(value["paths"]) && ("openapi" in value || "swagger" in value)) {
    const proposals = ofOpenApi(value["paths"], prefix);
    return proposals.length > 0
      ? { kind: "openapi", proposals }
      : wrong("This OpenAPI document describes no operation.");
  }
  const tools = toolsOf(value);
  if (tools) {
    const proposals = ofTools(tools, prefix);
    return proposals.length > 0 ? { kind: "tools", proposals } : wrong("No tool is in this answer.");
  }
  return wrong("This is neither an OpenAPI document nor an answer to tools/list.");
}

const key = ({ method, path }: Operation): string => `${method} ${path}`;

/** `there` and what was chosen; what is declared already stays as it is. */
export function merged(there: readonly Operation[], chosen: readonly Operation[]): Operation[] {
  const known = new Set(there.map(key));
  return [...there, ...chosen.filter((operation) => !known.has(key(operation)))];
}

/** Whether it is declared already. */
export function isThere(there: readonly Operation[], operation: Operation): boolean {
  return there.some((one) => key(one) === key(operation));
}
