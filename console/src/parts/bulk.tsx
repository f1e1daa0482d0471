import { type ReactNode, useEffect, useRef, useState } from "react";
import { useAct } from "./act.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { AreaField, Form, TextField } from "./form.tsx";

/** What can be done with several rows of a list at once. */
export type Bulk<Row> = {
  /** What happens to so many, as in “Archive 3 applications”. */
  label: (count: number) => string;
  about: ReactNode;
  /** What a row is called. */
  nameOf: (row: Row) => string;
  /** Rows that it can be done with; all where nothing is said. */
  may?: (row: Row) => boolean;
  /** Why whoever is signed in may not do it. */
  refused?: string | undefined;
  /** Whether a reason is asked for, which is one for all. */
  reason?: boolean;
  /** What is typed before it is done with so many, as in “archive 3”; for what can never be undone. */
  typed?: (count: number) => string;
  act: (row: Row, reason: string) => Promise<unknown>;
  /** Once it was done with some. */
  after: () => Promise<unknown>;
};

/** Names that are listed before the rest is counted. */
const LISTED = 8;

type Failure = { readonly name: string; readonly why: string };

/** Does it with one after the other, and says which it could not be done with; those stay chosen. */
function Do<Row>({
  bulk,
  rows,
  onDone,
  onClose,
}: {
  bulk: Bulk<Row>;
  rows: readonly Row[];
  onDone: (row: Row) => void;
  onClose: () => void;
}) {
  // What was chosen when it was asked: those with which it is done leave the list meanwhile.
  const [asked] = useState(rows);
  const [reason, setReason] = useState("");
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<readonly Failure[]>();
  const [typed, setTyped] = useState("");
  const { act, busy } = useAct({ leaves: true });
  const label = bulk.label(asked.length);
  const name = bulk.typed?.(asked.length);
  const off = name !== undefined && typed !== name ? `Type ${name} first.` : undefined;
  // Whoever leaves stops it: what it was not done with yet is left as it is, and stays chosen.
  const open = useRef(true);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);
  const run = () =>
    act(async () => {
      const failures: Failure[] = [];
      for (const [index, row] of asked.entries()) {
        if (!open.current) break;
        setDone(index);
        try {
          await bulk.act(row, reason.trim());
          onDone(row);
        } catch (error) {
          failures.push({
            name: bulk.nameOf(row),
            why: error instanceof Error ? error.message : "Something went wrong.",
          });
        }
      }
      await bulk.after();
      if (!open.current) return;
      if (failures.length === 0) onClose();
      else setFailed(failures);
    });
  const names = asked.slice(0, LISTED).map(bulk.nameOf);
  return (
    <Dialog title={label} onClose={onClose}>
      {failed ? (
        <>
          <p role="alert" className="note refused">
            {asked.length - failed.length} of {asked.length} are done. It could not be done with these, which
            stay chosen:
          </p>
          <ul>
            {failed.map(({ name, why }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may have one name, and none moves
              <li key={index}>
                <bdi>{name}</bdi>: {why}
              </li>
            ))}
          </ul>
          <div className="row">
            <Button look="main" onClick={onClose}>
              Close
            </Button>
          </div>
        </>
      ) : (
        <Form unsaved={reason !== "" && !busy} onSubmit={async () => off === undefined && run()}>
          <p>{bulk.about}</p>
          <ul>
            {names.map((name, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may have one name, and none moves
              <li key={index}>
                <bdi>{name}</bdi>
              </li>
            ))}
            {asked.length > LISTED && <li className="quiet">and {asked.length - LISTED} more</li>}
          </ul>
          {bulk.reason && (
            <AreaField
              label="Reason"
              help="One for all of them; it stands in the evidence. It may be left out."
              rows={2}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
          {name !== undefined && (
            <TextField
              label={`Type “${name}” to go on`}
              value={typed}
              readOnly={busy}
              autoComplete="off"
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
          <div className="row">
            <Button type="submit" look="danger" refused={off} busy={busy}>
              {busy ? `${done + 1} of ${asked.length}…` : label}
            </Button>
            <Button look="plain" onClick={onClose}>
              {busy ? "Stop here" : "Keep them"}
            </Button>
          </div>
        </Form>
      )}
    </Dialog>
  );
}

/** The box at a row, or above all of them. */
export function Pick({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (wanted: boolean) => void;
}) {
  return (
    <input
      type="checkbox"
      className="pick"
      aria-label={label}
      checked={checked}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

/** The bar above a list of which rows are chosen. */
export function Chosen<Row>({
  bulk,
  rows,
  onNone,
  onDone,
}: {
  bulk: Bulk<Row>;
  /** Those that are chosen. */
  rows: readonly Row[];
  onNone: () => void;
  onDone: (row: Row) => void;
}) {
  const [asking, setAsking] = useState(false);
  // What is being done is told to its end, whatever leaves the list meanwhile.
  if (rows.length === 0 && !asking) return null;
  return (
    <div className="row">
      <span role="status">{rows.length} chosen</span>
      <Button look="danger" refused={bulk.refused} onClick={() => setAsking(true)}>
        {bulk.label(rows.length)}…
      </Button>
      <Button look="plain" onClick={onNone}>
        Choose none
      </Button>
      {asking && <Do bulk={bulk} rows={rows} onDone={onDone} onClose={() => setAsking(false)} />}
    </div>
  );
}
