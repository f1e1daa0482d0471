import { useRef, useState } from "react";
import type { Schema } from "../../api/client.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { AreaField, Form, TextField } from "../../parts/form.tsx";
import { Table } from "../../parts/table.tsx";
import { type Imported, isThere, MAX_BYTES, MAX_OPERATIONS, merged, readDocument } from "./import.ts";

type Operation = Schema["Operation"];

/** What a document proposes, each to be chosen. */
function Proposals({
  there,
  read,
  chosen,
  onChoose,
}: {
  there: readonly Operation[];
  read: Exclude<Imported, { kind: "wrong" }>;
  chosen: ReadonlySet<number>;
  onChoose: (chosen: ReadonlySet<number>) => void;
}) {
  const open = read.proposals.flatMap((one, index) =>
    one.refused || isThere(there, one.operation) ? [] : [index],
  );
  const toggle = (index: number) => {
    const next = new Set(chosen);
    if (!next.delete(index)) next.add(index);
    onChoose(next);
  };
  return (
    <section className="stack-small" aria-label="Operations in the document">
      <div className="row">
        <Button onClick={() => onChoose(new Set(open))}>Choose all {open.length}</Button>
        <Button look="plain" onClick={() => onChoose(new Set())}>
          Choose none
        </Button>
      </div>
      <Table heads={["Operation", "Scope", "What it says it does"]}>
        {read.proposals.map(({ operation, about, refused }, index) => {
          const why = refused ?? (isThere(there, operation) ? "declared already" : undefined);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a proposal is its place in the document
            <tr key={index}>
              <td>
                <label className="choice">
                  <input
                    type="checkbox"
                    checked={chosen.has(index)}
                    disabled={why !== undefined}
                    onChange={() => toggle(index)}
                  />
                  <span className="mono">
                    {operation.method} {operation.path}
                  </span>
                </label>
              </td>
              <td className="mono">{operation.scope}</td>
              <td className="quiet">
                <bdi>{why ? `Cannot be chosen: ${why}` : about}</bdi>
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

/** Reads operations out of a document, in the browser, and hands on those that a person chose. */
export function ImportOperations({
  prefix: suggested,
  there,
  onImport,
  onClose,
}: {
  prefix: string;
  there: readonly Operation[];
  onImport: (operations: Operation[]) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const [prefix, setPrefix] = useState(suggested);
  const [read, setRead] = useState<Imported>();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const turn = useRef(0);
  const forget = () => {
    turn.current++;
    setRead(undefined);
    setChosen(new Set());
  };
  const take = async (file: File | undefined) => {
    forget();
    if (!file) return;
    if (file.size > MAX_BYTES) setRead({ kind: "wrong", why: `${file.name} is longer than 4 MiB.` });
    else setText(await file.text());
  };
  const look = async () => {
    if (!named || text === "") return false;
    const asked = ++turn.current;
    const found = await readDocument(text, prefix);
    // What was typed meanwhile is another document.
    if (asked === turn.current) setRead(found);
    return true;
  };
  const proposals = read && read.kind !== "wrong" ? read.proposals : [];
  const operations = merged(
    there,
    proposals.filter((_, index) => chosen.has(index)).map((one) => one.operation),
  );
  const named = /^[a-z0-9][a-z0-9._-]*$/.test(prefix);
  return (
    <Dialog side title="Import operations" onClose={onClose}>
      <p className="quiet">
        Out of an OpenAPI document, or what an MCP server answers to <code>tools/list</code>, in JSON or YAML.
        It is read here, in your browser; nothing is declared before you choose it and save the resource.
      </p>
      <Form unsaved={false} onSubmit={look}>
        <div className="field">
          <label htmlFor="import-file">File of the document</label>
          <input
            id="import-file"
            type="file"
            accept=".json,.yaml,.yml,application/json,application/yaml"
            className="input"
            onChange={(event) => void take(event.target.files?.[0])}
          />
        </div>
        <AreaField
          label="Or its text"
          rows={6}
          className="input mono"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            forget();
          }}
        />
        <TextField
          label="Scopes begin with"
          help="What reads becomes …:read, what changes …:write; each can be changed before it is saved."
          value={prefix}
          wrong={named ? undefined : "Lower-case letters, digits and . _ - are allowed."}
          onChange={(event) => {
            setPrefix(event.target.value);
            forget();
          }}
        />
        <div className="row">
          <Button type="submit" refused={text === "" ? "There is no document yet" : undefined}>
            Read it
          </Button>
        </div>
      </Form>
      {read?.kind === "wrong" && (
        <p role="alert" className="note refused">
          {read.why}
        </p>
      )}
      {read && read.kind !== "wrong" && (
        <>
          <Proposals there={there} read={read} chosen={chosen} onChoose={setChosen} />
          <div className="row">
            <Button
              look="main"
              refused={
                chosen.size === 0
                  ? "Nothing is chosen"
                  : operations.length > MAX_OPERATIONS
                    ? `A resource has ${MAX_OPERATIONS} operations at most; these would be ${operations.length}`
                    : undefined
              }
              onClick={() => onImport(operations)}
            >
              {chosen.size === 1 ? "Add 1 operation" : `Add ${chosen.size} operations`}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
