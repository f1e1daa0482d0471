import { Button } from "../../parts/button.tsx";
import type { OperationRow } from "./plan.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const TEMPLATES: ReadonlyArray<{ label: string; rows: ReadonlyArray<OperationRow> }> = [
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

/** What may be called at all; everything else is refused. */
export function Operations({
  rows,
  wrong,
  onChange,
}: {
  rows: ReadonlyArray<OperationRow>;
  wrong: string | undefined;
  onChange: (rows: ReadonlyArray<OperationRow>) => void;
}) {
  const put = (index: number, change: Partial<OperationRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <div className="stack-small">
      <div className="row">
        {TEMPLATES.map((template) => (
          <Button key={template.label} onClick={() => onChange(template.rows)}>
            {template.label}
          </Button>
        ))}
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
            {METHODS.map((method) => (
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
            onChange={(event) => put(index, { access: event.target.value === "write" ? "write" : "read" })}
          >
            <option value="read">reads</option>
            <option value="write">writes</option>
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
        <Button onClick={() => onChange([...rows, { method: "GET", path: "/", access: "read" }])}>
          Add an operation
        </Button>
      </div>
      <span className="small quiet">
        <code>{"{id}"}</code> stands for one segment of the path, <code>{"{path+}"}</code> for all that
        follows.
      </span>
      {wrong && (
        <span role="alert" className="field wrong">
          {wrong}
        </span>
      )}
    </div>
  );
}
