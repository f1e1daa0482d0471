import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { CheckField, Form, FormProblem, SelectField, TextField, wrongAt } from "../../parts/form.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { ShownOnce } from "../../parts/secret.tsx";
import { Badge, Id } from "../../parts/show.tsx";
import { Time } from "../../parts/time.tsx";
import { zonesQuery } from "../zones/queries.ts";

type Token = Schema["TokenItem"];

/** Days that a new token is good for. */
const LIVES = [
  ["7", "after a week"],
  ["90", "after 90 days"],
  ["365", "after a year"],
  ["", "never"],
] as const;

const DAY_MS = 24 * 60 * 60 * 1000;

function hasEnded(token: Token): boolean {
  return token.expires_at != null && Date.parse(token.expires_at) <= Date.now();
}

function state(token: Token) {
  if (token.revoked_at) return <Badge meaning="refused">revoked</Badge>;
  if (hasEnded(token)) return <Badge meaning="refused">expired</Badge>;
  return <Badge meaning="allowed">active</Badge>;
}

function NewToken({
  onMade,
  onClose,
}: {
  onMade: (made: Schema["TokenWithText"]) => void;
  onClose: () => void;
}) {
  const zones = useQuery(zonesQuery).data?.items ?? [];
  const [name, setName] = useState("");
  const [zone, setZone] = useState("");
  const [capability, setCapability] = useState<"read" | "write">("read");
  const [reveals, setReveals] = useState(false);
  const [days, setDays] = useState<string>("90");
  const { act, busy, error } = useAct({ leaves: true });
  const make = () =>
    act(async () => {
      const reach = zone === "" ? { scope: "global" as const } : { scope: "zone" as const, zone_id: zone };
      const end =
        days === "" ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() };
      const body = { name, capability, reveals, ...reach, ...end };
      onMade(await read(control.POST("/v1/admin-tokens", { body })));
    });
  return (
    <Dialog title="New admin token" onClose={onClose}>
      <Form onSubmit={make}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          help="What uses it, so that it can be told from the others."
          required
          maxLength={120}
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label="It may"
          options={[
            ["read", "look"],
            ["write", "look and change"],
          ]}
          value={capability}
          onChange={(event) => setCapability(event.target.value === "write" ? "write" : "read")}
        />
        <CheckField
          label="It may see live credentials"
          help="Secrets of applications and workloads. Each that it is shown is written down."
          checked={reveals}
          onChange={(event) => setReveals(event.target.checked)}
        />
        <SelectField
          label="Where"
          options={[["", "Every zone"], ...zones.map((one) => [one.id, one.name] as const)]}
          value={zone}
          onChange={(event) => setZone(event.target.value)}
        />
        <SelectField
          label="It ends"
          options={LIVES}
          value={days}
          wrong={wrongAt(error, "expires_at")}
          onChange={(event) => setDays(event.target.value)}
        />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Make the token
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Bearer tokens of the Control API, for programs. */
export function TokensPage() {
  const { action, making, end } = useMaking("New token", "govern");
  const client = useQueryClient();
  const refused = useRefusal("govern");
  const [made, setMade] = useState<Schema["TokenWithText"]>();
  const [revoking, setRevoking] = useState<Token>();
  return (
    <Page
      title="Admin tokens"
      about="For programs that manage Caracal. People sign in instead."
      action={action}
    >
      <List<Token>
        name="tokens"
        queryKey={["tokens"]}
        load={(cursor) =>
          read(
            control.GET("/v1/admin-tokens", {
              params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(token) => token.id}
        textOf={(token) => `${token.name} ${token.id}`}
        columns={[
          { head: "Token", cell: (token) => <bdi>{token.name}</bdi> },
          {
            head: "May",
            cell: (token) => (token.reveals ? `${token.capability}, see credentials` : token.capability),
          },
          { head: "Where", cell: (token) => (token.zone_id ? <Id of={token.zone_id} /> : "every zone") },
          { head: "Last used", cell: (token) => <Time at={token.last_used_at} /> },
          { head: "Ends", cell: (token) => (token.expires_at ? <Time at={token.expires_at} /> : "never") },
          { head: "State", cell: state },
          {
            head: "(Actions)",
            right: true,
            cell: (token) =>
              token.revoked_at ? null : (
                <Button look="plain" refused={refused} onClick={() => setRevoking(token)}>
                  Revoke…
                </Button>
              ),
          },
        ]}
        empty={
          <Empty title="No token" action={action}>
            A program that manages Caracal sends an admin token as its bearer.
          </Empty>
        }
      />
      {making && (
        <NewToken
          onClose={end}
          onMade={(token) => {
            end();
            setMade(token);
            void client.invalidateQueries({ queryKey: ["tokens"] });
          }}
        />
      )}
      {made && (
        <ShownOnce
          title={`Token ${made.name}`}
          about="It stands here once. Put it where the program reads its secrets."
          label="Token"
          text={made.token}
          onClose={() => setMade(undefined)}
        />
      )}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}`}
          label="Revoke the token"
          onClose={() => setRevoking(undefined)}
          act={async () => {
            await read(control.DELETE("/v1/admin-tokens/{id}", { params: { path: { id: revoking.id } } }));
            await client.invalidateQueries({ queryKey: ["tokens"] });
          }}
        >
          <p>Whatever uses it is refused from its next request on. This cannot be undone.</p>
        </Confirm>
      )}
    </Page>
  );
}
