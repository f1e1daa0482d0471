import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { meQuery } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { CheckField, Form, FormProblem, SelectField, TextField, wrongAt } from "../../parts/form.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Badge, Code, Facts, Id, Raw } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { zonesQuery } from "../zones/queries.ts";

type Account = Schema["AccountItem"];
type Role = Schema["AccountRole"];

const ROLES: ReadonlyArray<readonly [Role, string]> = [
  ["owner", "Owner: everything, accounts included"],
  ["admin", "Admin: everything in their zones"],
  ["operator", "Operator: reads, and stops what runs"],
  ["approver", "Approver: reads, and decides approvals"],
  ["auditor", "Auditor: reads, evidence included"],
  ["viewer", "Viewer: reads what zones are made of"],
];

/** Which zones an account reaches; owners reach all of them. */
function Reach({
  role,
  zones,
  onChange,
}: {
  role: Role;
  zones: string[] | null;
  onChange: (zones: string[] | null) => void;
}) {
  const all = useQuery(zonesQuery).data?.items ?? [];
  if (role === "owner") return <p className="quiet small">Owners reach every zone.</p>;
  return (
    <fieldset className="field">
      <legend>Zones</legend>
      <CheckField
        label="Every zone, those to come included"
        checked={zones === null}
        onChange={(event) => onChange(event.target.checked ? null : [])}
      />
      {zones !== null &&
        all.map((zone) => (
          <CheckField
            key={zone.id}
            label={zone.name}
            checked={zones.includes(zone.id)}
            onChange={(event) =>
              onChange(event.target.checked ? [...zones, zone.id] : zones.filter((one) => one !== zone.id))
            }
          />
        ))}
    </fieldset>
  );
}

/** The link of an account: handed over by a way that the two trust, used once. */
function LinkBox({ link, email, onClose }: { link: Schema["NewLink"]; email: string; onClose: () => void }) {
  return (
    <Dialog title="A link to hand over" onClose={onClose}>
      <p>
        Give this link to <bdi>{email}</bdi>, and to nobody else: whoever opens it first sets the password. It
        works once and runs out <Time at={link.expires_at} />.
      </p>
      <Code label="Link" text={`${location.origin}/link#${encodeURIComponent(link.link)}`} />
      <div className="row">
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function NewAccount({
  onMade,
  onClose,
}: {
  onMade: (made: Schema["NewAccount"]) => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState({ email: "", name: "" });
  const [role, setRole] = useState<Role>("viewer");
  const [zones, setZones] = useState<string[] | null>(null);
  const { act, busy, error } = useAct({ leaves: true });
  const make = () =>
    act(async () => {
      const reach = role === "owner" || zones === null ? {} : { zones };
      onMade(await read(control.POST("/v1/accounts", { body: { ...typed, role, ...reach } })));
    });
  return (
    <Dialog title="New account" onClose={onClose}>
      <Form onSubmit={make}>
        <FormProblem error={error} />
        <TextField
          label="E-mail address"
          type="email"
          autoComplete="off"
          required
          value={typed.email}
          wrong={wrongAt(error, "email")}
          onChange={(event) => setTyped({ ...typed, email: event.target.value })}
        />
        <TextField
          label="Name"
          autoComplete="off"
          required
          maxLength={120}
          value={typed.name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setTyped({ ...typed, name: event.target.value })}
        />
        <SelectField
          label="Role"
          options={ROLES}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        />
        <Reach role={role} zones={zones} onChange={setZones} />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Make the account
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Panel({
  account,
  onLink,
  close,
}: {
  account: Account;
  onLink: (link: Schema["NewLink"]) => void;
  close: () => void;
}) {
  const client = useQueryClient();
  const me = useQuery(meQuery).data;
  const [role, setRole] = useState(account.role);
  const [zones, setZones] = useState<string[] | null>(account.zones ?? null);
  const { act: once, busy, error } = useAct();
  const [deleting, setDeleting] = useState(false);
  const params = { path: { id: account.id } };
  const act = (work: () => Promise<unknown>) =>
    once(async () => {
      await work();
      await client.invalidateQueries({ queryKey: ["accounts"] });
    });
  const changed = role !== account.role || JSON.stringify(zones) !== JSON.stringify(account.zones ?? null);
  const save = () =>
    act(() => {
      const reach = role === "owner" || zones === null ? { all: true } : { zones };
      return read(control.PATCH("/v1/accounts/{id}", { params, body: { role, reach } }));
    });
  return (
    <Dialog side title={account.name} onClose={close}>
      <FormProblem error={error} />
      <Facts
        rows={[
          ["Address", <bdi key="email">{account.email}</bdi>],
          ["Id", <Id key="id" of={account.id} />],
          ["Last sign-in", <Time key="at" at={account.last_sign_in_at} />],
          ["Password", account.has_password ? "set" : "not set yet"],
          ...(account.identity_issuer
            ? ([["Single sign-on", <bdi key="identity">{account.identity_issuer}</bdi>]] as const)
            : []),
        ]}
      />
      <Form onSubmit={save} unsaved={changed}>
        <SelectField
          label="Role"
          options={ROLES}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        />
        <Reach role={role} zones={zones} onChange={setZones} />
        <div className="row">
          <Button type="submit" look="main" busy={busy} refused={changed ? undefined : "Nothing is changed."}>
            Save
          </Button>
        </div>
      </Form>
      <div className="row">
        <Button
          onClick={() =>
            void act(async () => onLink(await read(control.POST("/v1/accounts/{id}/link", { params }))))
          }
        >
          {account.has_password ? "Make a link for another password" : "Make the link again"}
        </Button>
        <Button
          onClick={() => void act(() => read(control.POST("/v1/accounts/{id}/end-sessions", { params })))}
        >
          Sign out everywhere
        </Button>
        <Button
          onClick={() => void act(() => read(control.DELETE("/v1/accounts/{id}/passkeys", { params })))}
        >
          Remove passkeys
        </Button>
        {account.identity_issuer && (
          <Button
            onClick={() => void act(() => read(control.DELETE("/v1/accounts/{id}/identity", { params })))}
          >
            Forget single sign-on
          </Button>
        )}
        <Button
          look="danger"
          refused={account.id === me?.account.id ? "This is your own account." : undefined}
          onClick={() =>
            void act(() =>
              read(
                control.PATCH("/v1/accounts/{id}", { params, body: { locked: account.locked_at === null } }),
              ),
            )
          }
        >
          {account.locked_at ? "Unlock" : "Lock"}
        </Button>
        <Button
          look="danger"
          refused={account.id === me?.account.id ? "This is your own account." : undefined}
          onClick={() => setDeleting(true)}
        >
          Delete…
        </Button>
      </div>
      <Raw value={account} />
      {deleting && (
        <Confirm
          title={`Delete ${account.name}`}
          label="Delete the account"
          name={account.email}
          onClose={() => setDeleting(false)}
          act={async () => {
            await read(control.DELETE("/v1/accounts/{id}", { params }));
            await client.invalidateQueries({ queryKey: ["accounts"] });
            close();
          }}
        >
          <p>Their sessions end at once. What they did stays on record under the account's id.</p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** Who signs in here. */
export function AccountsPage() {
  const { action, making, end } = useMaking("New account", "govern");
  const client = useQueryClient();
  const [link, setLink] = useState<{ link: Schema["NewLink"]; email: string }>();
  return (
    <Page title="Accounts" about="People who sign in here, what they may do, and where." action={action}>
      <List<Account>
        name="accounts"
        queryKey={["accounts"]}
        load={(cursor) =>
          read(
            control.GET("/v1/accounts", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } } }),
          )
        }
        keyOf={(account) => account.id}
        textOf={(account) => `${account.name} ${account.email} ${account.role}`}
        columns={[
          { head: "Name", cell: (account) => <bdi>{account.name}</bdi> },
          { head: "Address", cell: (account) => <bdi>{account.email}</bdi> },
          { head: "Role", cell: (account) => account.role },
          {
            head: "Zones",
            cell: (account) => (account.zones ? account.zones.length.toLocaleString() : "every zone"),
          },
          {
            head: "State",
            cell: (account) =>
              account.locked_at ? (
                <Badge meaning="refused">locked</Badge>
              ) : account.has_password || account.identity_issuer ? (
                <Badge meaning="allowed">active</Badge>
              ) : (
                <Badge meaning="waiting">invited</Badge>
              ),
          },
          { head: "Last sign-in", right: true, cell: (account) => <Time at={account.last_sign_in_at} /> },
        ]}
        empty={
          <Empty title="No account" action={action}>
            Accounts let people sign in here.
          </Empty>
        }
        panel={(account, close) => (
          <Panel
            key={`${account.id} ${account.role}`}
            account={account}
            close={close}
            onLink={(made) => setLink({ link: made, email: account.email })}
          />
        )}
      />
      {making && (
        <NewAccount
          onClose={end}
          onMade={(made) => {
            end();
            setLink({ link: made.link, email: made.account.email });
            void client.invalidateQueries({ queryKey: ["accounts"] });
          }}
        />
      )}
      {link && <LinkBox {...link} onClose={() => setLink(undefined)} />}
    </Page>
  );
}
