import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { CheckField, Form, FormProblem, SelectField, TextField } from "../../parts/form.tsx";
import { Page } from "../../parts/page.tsx";
import { Code } from "../../parts/show.tsx";
import { useUnsaved } from "../../parts/unsaved.ts";
import { ImportOperations } from "../resources/import.tsx";
import { Operations } from "./operations.tsx";
import {
  type Credential,
  empty,
  type Filled,
  firstCall,
  identifier,
  type Kind,
  policyText,
  problems,
  rowsOf,
  slug,
} from "./plan.ts";
import { Result } from "./result.tsx";
import { type Made, runAll, STEPS } from "./run.ts";
import "./protect.css";

const CREDENTIALS: ReadonlyArray<readonly [Credential, string]> = [
  ["bearer_token", "Bearer token"],
  ["api_key", "API key in a header"],
  ["http_basic", "User name and password"],
  ["none", "Nothing"],
];

const WORDS: Readonly<
  Record<Kind, { title: string; name: string; upstream: string; address: string; write: string }>
> = {
  api: {
    title: "Protect an API",
    name: "Orders API",
    upstream: "Address of the upstream",
    address: "https://orders.example.com",
    write: "Otherwise it gets the operations that read.",
  },
  mcp: {
    title: "Protect an MCP server",
    name: "Docs tools",
    upstream: "Address of the MCP server",
    address: "https://docs.example.com/mcp",
    write: "Otherwise it connects, sees which tools there are, and calls those that read.",
  },
};

/** Makes everything that a first protected call of an API needs, out of one form. */
export function ProtectPage() {
  return <Protect key="api" kind="api" />;
}

/** The same for an MCP server, whose operations are its messages and tools. */
export function ProtectMcpPage() {
  return <Protect key="mcp" kind="mcp" />;
}

function Protect({ kind }: { kind: Kind }) {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const client = useQueryClient();
  const [filled, setFilled] = useState<Filled>(() => empty(kind));
  const [made, setMade] = useState<Made>({});
  const [tried, setTried] = useState(false);
  const [importing, setImporting] = useState(false);
  const words = WORDS[kind];
  const { act, busy, error } = useAct();
  const refused = useRefusal("change");
  const done = STEPS.every((step) => step.isDone(made));
  const begun = made.provider !== undefined;
  useUnsaved(!done && (begun || filled.name !== ""));
  const wrong = tried ? problems(filled) : {};
  const put = <Field extends keyof Filled>(field: Field, value: Filled[Field]) =>
    setFilled((before) => ({ ...before, [field]: value }));

  const make = async () => {
    setTried(true);
    if (refused || Object.keys(problems(filled)).length > 0) return false;
    return act(async () => {
      await runAll(zone, filled, made, setMade);
      await client.invalidateQueries({ queryKey: ["zone", zone] });
    });
  };
  if (done && made.application) {
    const facts = { zone, resource: identifier(filled), ...firstCall(filled) };
    return (
      <Page
        title={`${filled.name} is protected`}
        about="Calls reach it through Caracal alone, one mandate each."
      >
        <Result facts={{ ...facts, application: made.application.id, secret: made.application.secret }} />
      </Page>
    );
  }
  return (
    <Page
      title={words.title}
      about="Say what you protect and who may call it. The credential stays here; the agent never sees it."
    >
      <div className="protect">
        <Form unsaved={false} onSubmit={make}>
          <FormProblem error={error} />
          <fieldset className="group" disabled={begun}>
            <legend>What you protect</legend>
            <TextField
              label="Name"
              placeholder={words.name}
              value={filled.name}
              wrong={wrong.name}
              maxLength={100}
              help={filled.name && <span className="mono">{identifier(filled)}</span>}
              onChange={(event) => put("name", event.target.value)}
            />
            <TextField
              label={words.upstream}
              type="url"
              placeholder={words.address}
              value={filled.upstream}
              wrong={wrong.upstream}
              onChange={(event) => put("upstream", event.target.value)}
            />
            <SelectField
              label="What the upstream wants"
              options={CREDENTIALS}
              value={filled.credential}
              help="It is sealed, never shown again, and put into allowed calls by the Gateway."
              onChange={(event) => put("credential", event.target.value as Credential)}
            />
            {filled.credential === "api_key" && (
              <TextField
                label="Header"
                value={filled.header}
                wrong={wrong.header}
                onChange={(event) => put("header", event.target.value)}
              />
            )}
            {filled.credential === "http_basic" && (
              <TextField
                label="User name"
                autoComplete="off"
                value={filled.username}
                wrong={wrong.username}
                onChange={(event) => put("username", event.target.value)}
              />
            )}
            {filled.credential !== "none" && (
              <TextField
                label={
                  filled.credential === "http_basic"
                    ? "Password of the upstream"
                    : "Credential of the upstream"
                }
                type="password"
                autoComplete="off"
                value={filled.secret}
                wrong={wrong.secret}
                onChange={(event) => put("secret", event.target.value)}
              />
            )}
          </fieldset>
          <fieldset className="group" disabled={begun}>
            <legend>Which operations there are</legend>
            <Operations
              kind={kind}
              onImport={() => setImporting(true)}
              rows={filled.operations}
              wrong={wrong.operations}
              onChange={(operations) => put("operations", operations)}
            />
          </fieldset>
          <fieldset className="group" disabled={begun}>
            <legend>Who may call it</legend>
            <TextField
              label="Name of the agent"
              placeholder="orders-agent"
              value={filled.application}
              wrong={wrong.application}
              maxLength={200}
              onChange={(event) => put("application", event.target.value)}
            />
            <CheckField
              label="It may write"
              help={words.write}
              checked={filled.mayWrite}
              onChange={(event) => put("mayWrite", event.target.checked)}
            />
            <details>
              <summary>The policy that this writes</summary>
              <Code label="Policy" text={policyText(filled, made.application?.id ?? "id of the agent")} />
            </details>
          </fieldset>
          <div className="row">
            <Button type="submit" look="main" refused={refused} busy={busy}>
              {begun ? "Go on" : "Protect it"}
            </Button>
          </div>
        </Form>
        <aside aria-live="polite" className="stack-small">
          <h2>What happens</h2>
          <ol className="steps">
            {STEPS.map((step) => (
              <li key={step.label} className={step.isDone(made) ? "done" : ""}>
                {step.label}
              </li>
            ))}
          </ol>
          {begun && error !== undefined && (
            <p className="quiet small">What is ticked off is made and stays. “Go on” makes the rest.</p>
          )}
        </aside>
      </div>
      {importing && (
        <ImportOperations
          prefix={slug(filled.name)}
          there={[]}
          onImport={(operations) => {
            put("operations", rowsOf(operations));
            setImporting(false);
          }}
          onClose={() => setImporting(false)}
        />
      )}
    </Page>
  );
}
