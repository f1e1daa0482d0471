import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { List } from "../../parts/list.tsx";
import { useMaking } from "../../parts/making.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";

type Issuer = Schema["SubjectIssuerItem"];

function IssuerForm({ zone, issuer, onDone }: { zone: string; issuer?: Issuer; onDone: () => void }) {
  const [typed, setTyped] = useState({
    issuer: issuer?.issuer ?? "",
    jwks_url: issuer?.jwks_url ?? "",
    audience: issuer?.audience ?? "",
  });
  const { act, busy, error } = useAct({ leaves: true });
  const put = (field: keyof typeof typed) => (event: { target: { value: string } }) =>
    setTyped({ ...typed, [field]: event.target.value });
  const save = () =>
    act(async () => {
      const { jwks_url, audience } = typed;
      if (issuer) {
        await read(
          control.PATCH("/v1/zones/{zoneId}/subject-issuers/{id}", {
            params: { path: { zoneId: zone, id: issuer.id } },
            body: { jwks_url, audience },
          }),
        );
      } else {
        await read(
          control.POST("/v1/zones/{zoneId}/subject-issuers", {
            params: { path: { zoneId: zone } },
            body: typed,
          }),
        );
      }
      onDone();
    });
  return (
    <Form onSubmit={save}>
      <FormProblem error={error} />
      {!issuer && (
        <TextField
          label="Issuer"
          type="url"
          placeholder="https://login.example.com"
          help="What its tokens say as iss, to the letter."
          value={typed.issuer}
          wrong={wrongAt(error, "issuer")}
          onChange={put("issuer")}
        />
      )}
      <TextField
        label="Address of its keys"
        type="url"
        placeholder="https://login.example.com/jwks.json"
        value={typed.jwks_url}
        wrong={wrongAt(error, "jwks_url")}
        onChange={put("jwks_url")}
      />
      <TextField
        label="Audience"
        help="What its tokens must say as aud."
        value={typed.audience}
        wrong={wrongAt(error, "audience")}
        onChange={put("audience")}
      />
      <div className="row">
        <Button type="submit" busy={busy} look="main">
          {issuer ? "Save" : "Trust it"}
        </Button>
      </div>
    </Form>
  );
}

function Panel({ zone, issuer, close }: { zone: string; issuer: Issuer; close: () => void }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [doing, setDoing] = useState<"change" | "archive">();
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone, "issuers"] });
  return (
    <Dialog side title={issuer.issuer} onClose={close}>
      <Facts
        rows={[
          ["Id", <Id key="id" of={issuer.id} />],
          [
            "Keys",
            <span key="keys" className="mono">
              {issuer.jwks_url}
            </span>,
          ],
          [
            "Audience",
            <span key="audience" className="mono">
              {issuer.audience}
            </span>,
          ],
          ["Trusted since", <ExactTime key="made" at={issuer.created_at} />],
        ]}
      />
      {doing === "change" ? (
        <IssuerForm
          zone={zone}
          issuer={issuer}
          onDone={() => {
            setDoing(undefined);
            void again();
          }}
        />
      ) : (
        <div className="row">
          <Button refused={refused} onClick={() => setDoing("change")}>
            Change…
          </Button>
          <Button look="danger" refused={refused} onClick={() => setDoing("archive")}>
            Trust it no more…
          </Button>
        </div>
      )}
      <Raw value={issuer} />
      {doing === "archive" && (
        <Confirm
          title="Trust it no more"
          label="Trust it no more"
          onClose={() => setDoing(undefined)}
          act={async () => {
            await read(
              control.DELETE("/v1/zones/{zoneId}/subject-issuers/{id}", {
                params: { path: { zoneId: zone, id: issuer.id } },
              }),
            );
            await again();
            close();
          }}
        >
          <p>People can no longer be named by its tokens. What they hold already goes on until it ends.</p>
        </Confirm>
      )}
    </Dialog>
  );
}

/** Whose word is taken for who a person is. */
export function IssuersPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const { action, making, end } = useMaking("New issuer");
  const client = useQueryClient();
  return (
    <Page title="Issuers" about="Identity providers whose word is taken for who a person is." action={action}>
      <List<Issuer>
        name="issuers"
        queryKey={["zone", zone, "issuers"]}
        load={(cursor) =>
          read(
            control.GET("/v1/zones/{zoneId}/subject-issuers", {
              params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(issuer) => issuer.id}
        textOf={(issuer) => `${issuer.issuer} ${issuer.audience}`}
        columns={[
          { head: "Issuer", cell: (issuer) => <bdi>{issuer.issuer}</bdi> },
          { head: "Audience", cell: (issuer) => <span className="mono">{issuer.audience}</span> },
          { head: "Trusted since", right: true, cell: (issuer) => <Time at={issuer.created_at} /> },
        ]}
        empty={
          <Empty title="No issuer yet" action={action}>
            Agents that act for people send the token of an identity provider. Its issuer has to be trusted
            here first.
          </Empty>
        }
        panel={(issuer, close) => <Panel zone={zone} issuer={issuer} close={close} />}
      />
      {making && (
        <Dialog title="New issuer" onClose={end}>
          <IssuerForm
            zone={zone}
            onDone={() => {
              end();
              void client.invalidateQueries({ queryKey: ["zone", zone, "issuers"] });
            }}
          />
        </Dialog>
      )}
    </Page>
  );
}
