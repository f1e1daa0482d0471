import type { Schema } from "../../api/client.ts";

/** How the upstream is called by those who are allowed. */
export type Credential = "none" | "bearer_token" | "api_key" | "http_basic";

/** What an operation is good for: to connect at all, to read, or to change something. */
export type Access = "connect" | "read" | "write";

export type OperationRow = { method: string; path: string; access: Access };

/** What is protected. */
export type Kind = "api" | "mcp";

/** What somebody filled in. */
export type Filled = {
  name: string;
  upstream: string;
  credential: Credential;
  secret: string;
  header: string;
  username: string;
  operations: ReadonlyArray<OperationRow>;
  application: string;
  mayWrite: boolean;
};

const EMPTY: Filled = {
  name: "",
  upstream: "",
  credential: "bearer_token",
  secret: "",
  header: "X-Api-Key",
  username: "",
  operations: [{ method: "GET", path: "/{path+}", access: "read" }],
  application: "",
  mayWrite: false,
};

/** What a client of an MCP server sends before it calls a tool; those of older revisions listen and end with GET and DELETE. */
const CONNECTING: ReadonlyArray<OperationRow> = [
  ...["initialize", "notifications/initialized", "ping", "tools/list"].map((path) => ({
    method: "MCP",
    path,
    access: "connect" as const,
  })),
  { method: "GET", path: "/", access: "connect" },
  { method: "DELETE", path: "/", access: "connect" },
];

/** Every tool that is not declared by its name. */
export const EVERY_TOOL: OperationRow = { method: "MCP", path: "tools/call:{tool}", access: "write" };

/** What stands in the form before anybody filled anything in. */
export const empty = (kind: Kind): Filled =>
  kind === "api" ? EMPTY : { ...EMPTY, operations: [...CONNECTING, EVERY_TOOL] };

/** Operations out of a document as rows: what comes first is what is matched first. */
export function rowsOf(operations: ReadonlyArray<Schema["Operation"]>): OperationRow[] {
  return operations.map(({ method, path, scope }) => {
    const access = scope.split(":").at(-1);
    return { method, path, access: access === "connect" || access === "read" ? access : "write" };
  });
}

/** A name as part of identifiers and scopes. */
export function slug(name: string): string {
  return (
    name
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40)
      .replace(/-+$/, "") || "api"
  );
}

export const identifier = (filled: Filled): string => `resource://${slug(filled.name)}`;
const scopeOf = (filled: Filled, access: Access): string => `${slug(filled.name)}:${access}`;

/** The scopes that the operations need. */
function scopes(filled: Filled): string[] {
  const named = new Set(filled.operations.map((operation) => scopeOf(filled, operation.access)));
  return [...named].sort();
}

/** The scopes that the agent gets: reading, and writing where it may. */
export function granted(filled: Filled): string[] {
  const write = scopeOf(filled, "write");
  const all = scopes(filled);
  const reads = all.filter((scope) => scope !== write);
  return filled.mayWrite || reads.length === 0 ? all : reads;
}

/** What is wrong, by field. */
export function problems(filled: Filled): Partial<Record<keyof Filled, string>> {
  const wrong: Partial<Record<keyof Filled, string>> = {};
  if (filled.name.trim() === "") wrong.name = "Say what you protect.";
  if (!/^https?:\/\/[^\s/]+/.test(filled.upstream))
    wrong.upstream = "This must be an address such as https://api.example.com.";
  if (filled.credential !== "none" && filled.secret === "")
    wrong.secret = "The upstream's own credential goes here.";
  if (filled.credential === "api_key" && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(filled.header))
    wrong.header = "This is not the name of a header.";
  if (filled.credential === "http_basic" && filled.username === "") wrong.username = "A user name is needed.";
  if (filled.application.trim() === "") wrong.application = "Give the agent a name.";
  if (filled.operations.length === 0) wrong.operations = "Declare at least one operation.";
  else if (filled.operations.some(({ method, path }) => method !== "MCP" && !path.startsWith("/")))
    wrong.operations = "Every path begins with a slash.";
  else if (filled.operations.some(({ method, path }) => method === "MCP" && !/^[a-z][^\s]*$/.test(path)))
    wrong.operations = "A message to an MCP server is one such as tools/list, or tools/call:search.";
  return wrong;
}

export function provider(filled: Filled): Schema["CreateProvider"] {
  const configs: Record<Credential, Record<string, unknown>> = {
    none: {},
    bearer_token: { bearer_token: filled.secret },
    api_key: { auth_location: "header", header_name: filled.header, api_key: filled.secret },
    http_basic: { username: filled.username, password: filled.secret },
  };
  return {
    name: `${filled.name} credential`,
    kind: filled.credential,
    config_json: configs[filled.credential],
  } as unknown as Schema["CreateProvider"];
}

export function resource(filled: Filled, providerId: string): Schema["CreateResource"] {
  return {
    name: filled.name.trim(),
    identifier: identifier(filled),
    upstream_url: filled.upstream,
    scopes: scopes(filled),
    credential_provider_id: providerId,
    operation_enforcement: "enforced",
    operations: filled.operations.map((operation) => ({
      method: operation.method,
      path: operation.path,
      scope: scopeOf(filled, operation.access),
    })),
  };
}

/** The grant, as the document that policy is kept as. */
export function policyText(filled: Filled, applicationId: string): string {
  const agent = JSON.stringify(slug(filled.application));
  return `# caracal:data-document
package caracal.authz
import rego.v1

# Names of applications that grants use.
app_ids := {${agent}: ${JSON.stringify(applicationId)}}

# Who may hold which scope of which resource.
grants := {${JSON.stringify(identifier(filled))}: {
  "application": ${agent},
  "roles": {"agent": ${JSON.stringify(granted(filled))}},
}}
`;
}

/** What the first call of an MCP client says. */
const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "first-call", version: "1" },
  },
});

/** The operation that the first call tries: a path without parameters where there is one. */
export function firstCall(filled: Filled): { method: string; path: string; scope: string; body?: string } {
  const allowed = granted(filled);
  const open = filled.operations.filter((operation) => allowed.includes(scopeOf(filled, operation.access)));
  const initialize = open.find(({ method, path }) => method === "MCP" && path === "initialize");
  if (initialize)
    return { method: "POST", path: "/", scope: scopeOf(filled, initialize.access), body: INITIALIZE };
  const chosen = open.find((operation) => operation.method === "GET") ??
    open[0] ?? { method: "GET", path: "/", access: "read" };
  return {
    method: chosen.method,
    path: chosen.path.replace(/\{[^}]*\}/g, "example"),
    scope: scopeOf(filled, chosen.access),
  };
}
