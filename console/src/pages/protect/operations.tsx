import { Button } from "../../parts/button.tsx";
import { type Access, EVERY_TOOL, empty, type Kind, type OperationRow } from "./plan.ts";

const METHODS = ["MCP", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

type Template = { label: string; rows: ReadonlyArray<OperationRow> };

const OF_API: ReadonlyArray<Template> = [
  { label: "Read everything", rows: [{ method: "GET", path: "/{path+}", access: "read" }] },
  {
    label: "Read and write everything",
    rows: [
      { method: "GET", path: "/{path+}", access: "read" },
      ...["POST", "PUT", "PATCH", "DELETE"].map((method) => ({
        method,
        path: "/{path+}",
        access: "write" as const,
      })),
    ],
  },
  {
    label: "One collection",
    rows: [
      { method: "GET", path: "/items", access: "read" },
      { method: "GET", path: "/items/{id}", access: "read" },
      { method: "POST", path: "/items", access: "write" },
      { method: "PATCH", path: "/items/{id}", access: "write" },
      { method: "DELETE", path: "/items/{id}", access: "write" },
    ],
  },
];

const MCP = empty("mcp").operations;
const OF_MCP: ReadonlyArray<Template> = [
  { label: "Connect, and see which tools there are", rows: MCP.filter((row) => row !== EVERY_TOOL) },
  { label: "Every tool", rows: MCP },
];

const ACCESS: ReadonlyArray<readonly [Access, string]> = [
  ["connect", "connects"],
  ["read", "reads"],
  ["write", "writes"],
];

/** What may be called at all; everything else is refused. */
export function Operations({
  kind,
  rows,
  wrong,
  onChange,
  onImport,
}: {
  kind: Kind;
  rows: ReadonlyArray<OperationRow>;
  wrong: string | undefined;
  onChange: (rows: ReadonlyArray<OperationRow>) => void;
  /** Somebody wants to read them out of a document. */
  onImport: () => void;
}) {
  const mcp = kind === "mcp";
  const put = (index: number, change: Partial<OperationRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <div className="stack-small">
      <div className="row">
        {(mcp ? OF_MCP : OF_API).map((template) => (
          <Button key={template.label} onClick={() => onChange(template.rows)}>
            {template.label}
          </Button>
        ))}
        <Button onClick={onImport}>{mcp ? "From tools/list…" : "From OpenAPI…"}</Button>
      </div>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
        <div key={index} className="operation">
          <select
            aria-label={`Method of operation ${index + 1}`}
            className="input"
            value={row.method}
            onChange={(event) => put(index, { method: event.target.value })}
          >
            {METHODS.filter((method) => mcp || method !== "MCP").map((method) => (
              <option key={method}>{method}</option>
            ))}
          </select>
          <input
            aria-label={`Path of operation ${index + 1}`}
            className="input mono"
            value={row.path}
            onChange={(event) => put(index, { path: event.target.value })}
          />
          <select
            aria-label={`Access of operation ${index + 1}`}
            className="input"
            value={row.access}
            onChange={(event) => put(index, { access: event.target.value as Access })}
          >
            {ACCESS.filter(([access]) => mcp || access !== "connect").map(([access, label]) => (
              <option key={access} value={access}>
                {label}
              </option>
            ))}
          </select>
          <Button
            look="plain"
            aria-label={`Remove operation ${index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            Remove
          </Button>
        </div>
      ))}
      <div className="row">
        <Button
          onClick={() =>
            onChange([
              ...rows,
              mcp
                ? { method: "MCP", path: "tools/call:", access: "read" }
                : { method: "GET", path: "/", access: "read" },
            ])
          }
        >
          Add an operation
        </Button>
      </div>
      <span className="small quiet">
        {mcp ? (
          <>
            <code>tools/call:search</code> is a call of the tool <code>search</code>,{" "}
            <code>{"tools/call:{tool}"}</code> one of any tool that has no line of its own.
          </>
        ) : (
          <>
            <code>{"{id}"}</code> stands for one segment of the path, <code>{"{path+}"}</code> for all that
            follows.
          </>
        )}
      </span>
      {wrong && (
        <span role="alert" className="field wrong">
          {wrong}
        </span>
      )}
    </div>
  );
}
