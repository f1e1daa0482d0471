import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Problem } from "../../api/problem.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { keepFile } from "../../parts/file.ts";
import { AreaField, CheckField, FormProblem, TextField } from "../../parts/form.tsx";
import { Page } from "../../parts/page.tsx";
import { Badge, type Meaning } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { useUnsaved } from "../../parts/unsaved.ts";
import { many } from "../../parts/words.ts";
import { Changes } from "../policies/editor.tsx";
import { zoneQuery } from "../zones/queries.ts";
import { MAX_BYTES, readDocument, sides, type ZoneDocument } from "./document.ts";

type Plan = Schema["StatePlan"];

/** What a document is applied as. */
type Options = { manager: string; prune: boolean; take_over: boolean };

/** A plan, with what it was made of. */
type Planned = {
  told: Plan;
  tag: string | undefined;
  zone: ZoneDocument;
  document: ZoneDocument;
};

const MEANINGS: Readonly<Record<Schema["StateAction"], readonly [Meaning, string]>> = {
  create: ["allowed", "made"],
  update: ["waiting", "changed"],
  adopt: ["plain", "taken over"],
  delete: ["refused", "taken away"],
};

const zoneState = (zone: string) =>
  read(control.GET("/v1/zones/{zoneId}/state", { params: { path: { zoneId: zone } } }));

/** Sends a document; with a tag it is applied to what still has it, without one it is planned. */
function send(zone: string, document: ZoneDocument, options: Options, tag?: string) {
  const query = {
    ...(options.manager ? { manager: options.manager } : {}),
    prune: options.prune,
    take_over: options.take_over,
    dry_run: tag === undefined,
  };
  return control.PUT("/v1/zones/{zoneId}/state", {
    params: { path: { zoneId: zone }, query, ...(tag === undefined ? {} : { header: { "If-Match": tag } }) },
    // The API says what is wrong with it, each field by its path.
    body: document as Schema["ZoneState"],
  });
}

/** Has the browser keep the zone as it stands. */
function Download({ zone }: { zone: string }) {
  const { act, busy, error } = useAct();
  const keep = () =>
    act(async () => {
      const text = `${JSON.stringify(await zoneState(zone), null, 2)}\n`;
      keepFile(`zone-${zone}.json`, new Blob([text], { type: "application/json" }));
    });
  return (
    <>
      <Button busy={busy} onClick={() => void keep()}>
        Download the zone
      </Button>
      <FormProblem error={error} />
    </>
  );
}

/** Everything that is wrong with a document, or why it was refused. */
function Refused({ error }: { error: unknown }) {
  const issues = error instanceof Problem ? error.issues : [];
  return (
    <>
      <FormProblem error={error} />
      {issues.length > 1 && (
        <ul aria-label="What is wrong with the document">
          {issues.map((issue) => (
            <li key={`${issue.path} ${issue.message}`}>
              <code>{issue.path || "the document"}</code> {issue.message}
              {issue.line ? ` (line ${issue.line})` : ""}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What a document changes, object by object and line by line. */
function Review({ of: { told, zone, document } }: { of: Planned }) {
  const { before, after } = sides(zone, document, told.changes);
  return (
    <section className="stack" aria-label="What the document changes">
      <p role="status">
        {told.changes.length === 0
          ? "The zone is as the document says: nothing changes."
          : `${many(told.changes.length, "object", "objects")} ${told.applied ? "changed" : "would change"}.`}{" "}
        <span className="quiet">
          {many(told.unchanged, "is", "are")} as declared; {many(told.undeclared, "is", "are")} not declared
          and left alone.
        </span>
      </p>
      {told.changes.length > 0 && (
        <>
          <Table heads={["Becomes", "Kind", "Name", "Members"]} stacked>
            {told.changes.map(({ action, kind, name, fields }) => (
              <tr key={`${kind} ${name}`}>
                <td>
                  <Badge meaning={MEANINGS[action][0]}>{MEANINGS[action][1]}</Badge>
                </td>
                <td>{kind.replaceAll("_", " ")}</td>
                <td className="mono">
                  <bdi>{name}</bdi>
                </td>
                <td className="mono">{fields?.join(", ")}</td>
              </tr>
            ))}
          </Table>
          <Changes before={before} after={after} />
        </>
      )}
      {told.warnings.map((warning) => (
        <div key={`${warning.document} ${warning.line} ${warning.code}`} className="row">
          <Badge meaning="waiting">{warning.document}</Badge>
          <span>{warning.message}</span>
        </div>
      ))}
    </section>
  );
}

/** Asks before a plan that takes something away, for which the zone's name is typed, or that changes a policy set. */
function ConfirmApply({
  zone,
  label,
  gone,
  decides,
  act,
  onClose,
}: {
  zone: string;
  label: string;
  /** How many objects are taken away. */
  gone: number;
  /** Whether a policy set changes. */
  decides: boolean;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const itself = useQuery(zoneQuery(zone));
  const called = itself.data?.name ?? zone;
  return (
    <Confirm
      title={`Make ${called} what the document says`}
      label={label}
      otherwise="Not now"
      {...(gone > 0 ? { name: called } : {})}
      refused={itself.isPending ? "The zone is still being looked up." : undefined}
      act={act}
      onClose={onClose}
    >
      {gone > 0 && (
        <p>
          {many(gone, "object is", "objects are")} taken away, with everything that goes by{" "}
          {gone === 1 ? "it" : "them"}. This cannot be undone.
        </p>
      )}
      {decides && <p>A policy set changes: what it decides is decided otherwise at once, for everybody.</p>}
    </Confirm>
  );
}

/** Applies a document that was planned first, to the zone that it was planned against. */
function Import({ zone }: { zone: string }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [text, setText] = useState("");
  const [options, setOptions] = useState<Options>({ manager: "", prune: false, take_over: false });
  const [planned, setPlanned] = useState<Planned>();
  const { act, busy, error } = useAct();
  const [asking, setAsking] = useState(false);
  const turn = useRef(0);
  useUnsaved(text !== "" && planned?.told.applied !== true);
  const forget = () => {
    turn.current++;
    setPlanned(undefined);
    setAsking(false);
  };
  const change = (to: Partial<Options>) => {
    setOptions({ ...options, ...to });
    forget();
  };
  const take = (file: File | undefined) =>
    act(async () => {
      forget();
      if (!file) return;
      // What was there before is not what was picked.
      setText("");
      if (file.size > MAX_BYTES) throw new Error(`${file.name} is longer than 1 MiB: apply it with the API.`);
      setText(await file.text());
    });
  const plan = () =>
    act(async () => {
      const asked = ++turn.current;
      setPlanned(undefined);
      const made = readDocument(text);
      if ("wrong" in made) throw new Error(made.wrong);
      const answer = send(zone, made.document, options);
      const told = await read(answer);
      const tag = (await answer).response.headers.get("etag") ?? undefined;
      const state: ZoneDocument = await zoneState(zone);
      // What was typed meanwhile is another document.
      if (asked === turn.current) setPlanned({ told, tag, zone: state, document: made.document });
    });
  const apply = async ({ document, zone: state, tag }: Planned) => {
    if (tag === undefined) throw new Error("The plan does not say what it was made against: plan it again.");
    const told = await read(send(zone, document, options, tag));
    setPlanned({ told, tag: undefined, zone: state, document });
    await client.invalidateQueries();
  };
  /** The same, told as well to whoever was asked before it. */
  const applyAsked = async (of: Planned) => {
    let wrong: unknown;
    const went = await act(async () => {
      try {
        await apply(of);
      } catch (caught) {
        wrong = caught;
        throw caught;
      }
    });
    if (!went) throw wrong;
  };
  const open = planned && !planned.told.applied && planned.told.changes.length > 0 ? planned : undefined;
  const gone = open?.told.changes.filter((one) => one.action === "delete").length ?? 0;
  // A set that is taken over by another manager stays what it is.
  const decides =
    open?.told.changes.some(({ kind, action }) => kind === "policy_set" && action !== "adopt") ?? false;
  const asks = gone > 0 || decides;
  const label = `Apply ${many(open?.told.changes.length ?? 0, "change", "changes")}${
    gone > 0 ? `, ${gone.toLocaleString()} of them taken away` : ""
  }`;
  return (
    <div className="stack">
      <div className="narrow stack">
        <div className="field">
          <label htmlFor="document-file">File of the document</label>
          <input
            id="document-file"
            type="file"
            accept=".json,application/json"
            className="input"
            disabled={busy}
            onChange={(event) => {
              void take(event.target.files?.[0]);
              // The same file is taken again once it was changed.
              event.target.value = "";
            }}
          />
        </div>
        <AreaField
          label="Or its text"
          help="A kind that is left out is left alone. Secrets are taken and never shown."
          rows={12}
          className="input mono"
          value={text}
          readOnly={busy}
          onChange={(event) => {
            setText(event.target.value);
            forget();
          }}
        />
        <TextField
          label="Manager"
          help="Whose document this is, where a zone is made of several; default where nothing is said."
          maxLength={64}
          value={options.manager}
          disabled={busy}
          onChange={(event) => change({ manager: event.target.value })}
        />
        <CheckField
          label="Take away what this manager no longer declares"
          checked={options.prune}
          disabled={busy}
          onChange={(event) => change({ prune: event.target.checked })}
        />
        <CheckField
          label="Take over what another manager declared"
          checked={options.take_over}
          disabled={busy}
          onChange={(event) => change({ take_over: event.target.checked })}
        />
        <div className="row">
          <Button
            look={open ? "usual" : "main"}
            busy={busy}
            refused={refused ?? (text === "" ? "There is no document yet" : undefined)}
            onClick={() => void plan()}
          >
            Plan it
          </Button>
        </div>
      </div>
      <Refused error={error} />
      {planned && <Review of={planned} />}
      {open && (
        <div className="row">
          <Button
            look={asks ? "danger" : "main"}
            busy={busy}
            refused={refused}
            onClick={() => (asks ? setAsking(true) : void act(() => apply(open)))}
          >
            {label}
            {asks && "…"}
          </Button>
        </div>
      )}
      {open && asking && (
        <ConfirmApply
          zone={zone}
          label={label}
          gone={gone}
          decides={decides}
          act={() => applyAsked(open)}
          onClose={() => setAsking(false)}
        />
      )}
      {planned?.told.applied && (
        <div className="row">
          <Badge meaning="allowed">applied</Badge>
          <Link to="/z/$zone/changes" params={{ zone }}>
            What was recorded
          </Link>
        </div>
      )}
    </div>
  );
}

/** The zone as one document: told, compared with another, and made to be what that says. */
export function DocumentPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  return (
    <Page
      title="Document"
      about="The zone as one document, without its secrets: keep it in version control, make another zone of it, or apply it after a look at what it would change."
      action={<Download zone={zone} />}
    >
      <Import key={zone} zone={zone} />
    </Page>
  );
}
