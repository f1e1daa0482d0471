import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { meQuery, setupQuery, useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Form, FormProblem, SelectField, TextField, wrongAt } from "../../parts/form.tsx";
import { Loaded, Page } from "../../parts/page.tsx";
import { Badge, Facts } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { density } from "../../shell/appearance.ts";
import { browser } from "./browser.ts";
import { Passkeys } from "./passkeys.tsx";

/** How somebody signed in, in the words people use. */
const WAYS: Record<Schema["SignInWay"], string> = {
  password: "password",
  single_sign_on: "single sign-on",
  passkey: "passkey",
  email_code: "code by e-mail",
};

function Password() {
  const [typed, setTyped] = useState({ current: "", password: "" });
  const { act, busy, error } = useAct();
  const [done, setDone] = useState(false);
  const client = useQueryClient();
  const change = () =>
    act(async () => {
      await read(control.POST("/v1/console/password", { body: typed }));
      setTyped({ current: "", password: "" });
      setDone(true);
      await client.invalidateQueries({ queryKey: ["own-sessions"] });
    });
  return (
    <section className="stack" aria-labelledby="password" style={{ maxWidth: 420 }}>
      <h2 id="password">Password</h2>
      {done && (
        <p role="status" className="note allowed">
          The password is changed. Your other browsers are signed out.
        </p>
      )}
      <Form onSubmit={change}>
        <FormProblem error={error} />
        <TextField
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={typed.current}
          wrong={wrongAt(error, "current")}
          onChange={(event) => setTyped({ ...typed, current: event.target.value })}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          help="12 characters or more."
          value={typed.password}
          wrong={wrongAt(error, "password")}
          onChange={(event) => setTyped({ ...typed, password: event.target.value })}
        />
        <div className="row">
          <Button type="submit" busy={busy}>
            Change the password
          </Button>
        </div>
      </Form>
    </section>
  );
}

function NoPassword() {
  return (
    <section className="stack" aria-labelledby="password" style={{ maxWidth: 420 }}>
      <h2 id="password">Password</h2>
      <p className="quiet">You have none and need none. An owner can make a link with which you set one.</p>
    </section>
  );
}

function Sessions() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["own-sessions"],
    queryFn: () => read(control.GET("/v1/console/sessions")),
  });
  const { act, error } = useAct();
  const end = (work: () => Promise<unknown>) =>
    act(async () => {
      await work();
      await client.invalidateQueries({ queryKey: ["own-sessions"] });
    });
  const endOne = (session: Schema["ConsoleSession"]) =>
    end(() => read(control.DELETE("/v1/console/sessions/{id}", { params: { path: { id: session.id } } })));
  return (
    <section className="stack" aria-labelledby="sessions">
      <div className="spread">
        <h2 id="sessions">Where you are signed in</h2>
        <Button onClick={() => void end(() => read(control.DELETE("/v1/console/sessions")))}>
          Sign out everywhere else
        </Button>
      </div>
      <FormProblem error={error} />
      <Loaded query={query}>
        {({ items }) => (
          <Table stacked heads={["Browser", "How", "Signed in", "Last used", "Ends", "(Actions)"]}>
            {items.map((session) => (
              <tr key={session.id}>
                <td data-head="Browser">
                  {browser(session.user_agent)} {session.current && <Badge meaning="allowed">this one</Badge>}
                </td>
                <td data-head="How">{WAYS[session.way]}</td>
                <td data-head="Signed in">
                  <Time at={session.created_at} />
                </td>
                <td data-head="Last used">
                  <Time at={session.last_seen_at} />
                </td>
                <td data-head="Ends">
                  <Time at={session.expires_at} />
                </td>
                <td className="right">
                  {!session.current && (
                    <Button look="plain" onClick={() => void endOne(session)}>
                      Sign out
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
    </section>
  );
}

function Retention() {
  const client = useQueryClient();
  const refused = useRefusal("govern");
  const query = useQuery({
    queryKey: ["retention"],
    queryFn: () => read(control.GET("/v1/audit-retention")),
  });
  const [days, setDays] = useState<string>();
  const { act, busy, error } = useAct();
  const save = () =>
    act(async () => {
      await read(control.PUT("/v1/audit-retention", { body: { retention_days: Number(days) } }));
      setDays(undefined);
      await client.invalidateQueries({ queryKey: ["retention"] });
    });
  return (
    <section className="stack" aria-labelledby="retention" style={{ maxWidth: 420 }}>
      <h2 id="retention">How long events are kept</h2>
      <Loaded query={query}>
        {(retention) => (
          <Form onSubmit={save}>
            <FormProblem error={error} />
            <TextField
              label="Days"
              inputMode="numeric"
              value={days ?? retention.retention_days?.toString() ?? ""}
              placeholder="for ever"
              help={
                retention.max_days
                  ? `The deployment keeps events for ${retention.max_days} days at most.`
                  : "Empty means for ever. Zones may have a time of their own."
              }
              wrong={wrongAt(error, "retention_days")}
              onChange={(event) => setDays(event.target.value)}
            />
            <div className="row">
              <Button
                type="submit"
                busy={busy}
                refused={refused ?? (days ? undefined : "Nothing is changed.")}
              >
                Save
              </Button>
            </div>
          </Form>
        )}
      </Loaded>
    </section>
  );
}

function Rows() {
  const chosen = density.use();
  return (
    <section className="stack" aria-labelledby="rows" style={{ maxWidth: 420 }}>
      <h2 id="rows">Tables</h2>
      <SelectField
        label="Rows"
        help="In this browser, on every page."
        options={[
          ["comfortable", "Comfortable"],
          ["compact", "Compact: more of them on the screen"],
        ]}
        value={chosen}
        onChange={(event) => density.set(event.target.value as typeof chosen)}
      />
    </section>
  );
}

/** What somebody sets for themselves, and owners for the deployment. */
export function SettingsPage() {
  const me = useQuery(meQuery).data;
  const setup = useQuery(setupQuery).data;
  return (
    <Page title="Settings">
      <div className="stack-large">
        {me && (
          <Facts
            rows={[
              ["Name", <bdi key="name">{me.account.name}</bdi>],
              ["Address", <bdi key="email">{me.account.email}</bdi>],
              ["Role", me.account.role],
              ["Zones", me.account.zones ? `${me.account.zones.length}` : "every zone"],
            ]}
          />
        )}
        <Sessions />
        {setup?.passkeys && <Passkeys />}
        {me && (me.account.has_password ? <Password /> : <NoPassword />)}
        <Rows />
        <Retention />
      </div>
    </Page>
  );
}
