import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form, FormProblem, TextField, wrongAt } from "../../parts/form.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Badge } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { By } from "../accounts/by.tsx";
import { canaryQuery } from "./canary/queries.ts";
import { CanaryState } from "./canary/state.tsx";
import { DraftPanel } from "./draft/draft.tsx";
import { PolicyEditor } from "./editor.tsx";
import { PutInForce } from "./force.tsx";
import { Needless } from "./needless.tsx";
import { PolicyPanel } from "./panel.tsx";
import { inForceQuery, setVersionsQuery } from "./queries.ts";
import { shadowQuery } from "./shadow/queries.ts";
import { ShadowState } from "./shadow/state.tsx";
import { Simulate } from "./simulate.tsx";

const STARTER = `# caracal:data-document
package caracal.authz
import rego.v1

# Names of applications that grants use.
app_ids := {"agent": "id of an application"}

# Who may hold which scope of which resource.
grants := {"resource://example": {
  "application": "agent",
  "roles": {"reader": ["example:read"]},
}}
`;

function NewPolicy({
  zone,
  onMade,
  onClose,
}: {
  zone: string;
  onMade: (id: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [text, setText] = useState(STARTER);
  const { act, busy, error } = useAct({ leaves: true });
  const make = () =>
    act(async () => {
      const made = await read(
        control.POST("/v1/zones/{zoneId}/policies", {
          params: { path: { zoneId: zone } },
          body: { name, content: text },
        }),
      );
      onMade(made.id);
    });
  return (
    <Dialog side title="New policy" onClose={onClose}>
      <Form onSubmit={make} unsaved={text !== STARTER || name !== ""}>
        <FormProblem error={error} />
        <TextField
          label="Name"
          maxLength={512}
          value={name}
          wrong={wrongAt(error, "name")}
          onChange={(event) => setName(event.target.value)}
        />
        <PolicyEditor text={text} onChange={setText} />
        <div className="row">
          <Button type="submit" busy={busy} look="main">
            Keep it
          </Button>
          <span className="quiet small">Nothing changes until a version is put in force.</span>
        </div>
      </Form>
    </Dialog>
  );
}

/** What was in force before, and the way back to it. */
function History({ zone, set }: { zone: string; set: Schema["PolicySetItem"] }) {
  const client = useQueryClient();
  const refused = useRefusal("change");
  const [back, setBack] = useState<Schema["SetVersionItem"]>();
  const query = useQuery(setVersionsQuery(zone, set.id));
  const canary = useQuery(canaryQuery(zone)).data?.canary;
  const tried = canary?.running ? canary : undefined;
  const shadow = useQuery(shadowQuery(zone)).data?.shadow;
  const beside = shadow?.running ? shadow : undefined;
  return (
    <section className="stack-small" aria-labelledby="history">
      <h2 id="history">
        History of <bdi>{set.name}</bdi>
      </h2>
      <Loaded query={query}>
        {({ items }) => (
          <Table heads={["Version", "Made", "By", "(Actions)"]} stacked>
            {items.map((version) => (
              <tr key={version.id}>
                <td className="number">
                  {version.version}{" "}
                  {version.id === set.active_version_id && <Badge meaning="allowed">in force</Badge>}
                  {version.id === tried?.version_id && (
                    <Badge meaning="waiting">canary, {tried.share_percent} %</Badge>
                  )}
                  {version.id === beside?.version_id && <Badge meaning="waiting">shadow</Badge>}
                </td>
                <td title={`Manifest ${version.manifest_sha256}`}>
                  <Time at={version.created_at} />
                </td>
                <td>
                  <By of={version.created_by} />
                </td>
                <td className="right">
                  <span className="row" style={{ justifyContent: "flex-end" }}>
                    {version.id !== set.active_version_id && (
                      <Link
                        className="button plain"
                        to="/z/$zone/policies/compare"
                        params={{ zone }}
                        search={{
                          set: set.id,
                          to: version.id,
                          ...(set.active_version_id ? { from: set.active_version_id } : {}),
                        }}
                      >
                        Compare
                      </Link>
                    )}
                    {version.id !== set.active_version_id && version.id !== tried?.version_id && (
                      <Button refused={refused} onClick={() => setBack(version)}>
                        Roll back to it…
                      </Button>
                    )}
                  </span>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
      {back && (
        <PutInForce
          zone={zone}
          title={`Put version ${back.version} in force again`}
          label="Roll back"
          version={async () => ({ set: set.id, version: back.id })}
          onDone={() => client.invalidateQueries({ queryKey: ["zone", zone] })}
          onClose={() => setBack(undefined)}
        >
          <p>
            Each decision that it makes is made by what stood in this version, and by nothing that came after
            it.
          </p>
        </PutInForce>
      )}
    </section>
  );
}

/** Who may do what. */
export function PoliciesPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const client = useQueryClient();
  const refused = useRefusal("change");
  const current = useQuery(inForceQuery(zone)).data;
  const action = (
    <>
      {current?.version && (
        <Button refused={refused} onClick={() => setAddress({ simulate: "new" })}>
          Decide one request…
        </Button>
      )}
      {current?.version && (
        <Button refused={refused} onClick={() => setAddress({ needless: "1" })}>
          What nobody needed…
        </Button>
      )}
      <Button look="main" refused={refused} onClick={() => setAddress({ new: "1" })}>
        New policy
      </Button>
    </>
  );
  return (
    <Page
      title="Policies"
      about="Who may hold which scope of which resource. What no policy grants is refused."
      action={action}
    >
      <div className="stack-large">
        {current && !current.version && (
          <p className="note waiting">No policy is in force in this zone, so every call is refused.</p>
        )}
        <CanaryState zone={zone} />
        <ShadowState zone={zone} />
        <List<Schema["PolicyItem"]>
          name="policies"
          queryKey={["zone", zone, "policies"]}
          load={(cursor) =>
            read(
              control.GET("/v1/zones/{zoneId}/policies", {
                params: { path: { zoneId: zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
              }),
            )
          }
          keyOf={(policy) => policy.id}
          textOf={(policy) => `${policy.name} ${policy.description ?? ""}`}
          columns={[
            { head: "Policy", cell: (policy) => <bdi>{policy.name}</bdi> },
            {
              head: "What it is for",
              cell: (policy) => <bdi className="quiet">{policy.description ?? ""}</bdi>,
            },
            { head: "Made", right: true, cell: (policy) => <Time at={policy.created_at} /> },
          ]}
          empty={
            <Empty title="No policy yet" action={action}>
              A policy grants scopes of resources to applications. “Protect an API” writes the first one for
              you.
            </Empty>
          }
          panel={(policy, close) => (
            <PolicyPanel zone={zone} id={policy.id} name={policy.name} close={close} />
          )}
        />
        {current?.set && <History zone={zone} set={current.set} />}
      </div>
      {address["draft"] && (
        <DraftPanel
          key={address["draft"]}
          zone={zone}
          request={address["draft"]}
          close={() => setAddress({ draft: undefined })}
        />
      )}
      {address["simulate"] && current?.set && (
        <Simulate
          zone={zone}
          set={current.set}
          request={address["simulate"] === "new" ? undefined : address["simulate"]}
          onClose={() => setAddress({ simulate: undefined })}
        />
      )}
      {address["needless"] && current?.set && current.version && (
        <Needless
          zone={zone}
          set={current.set.id}
          version={current.version.id}
          onClose={() => setAddress({ needless: undefined })}
        />
      )}
      {address["new"] && (
        <NewPolicy
          zone={zone}
          onClose={() => setAddress({ new: undefined })}
          onMade={(id) => {
            void client.invalidateQueries({ queryKey: ["zone", zone] });
            setAddress({ new: undefined, open: id });
          }}
        />
      )}
    </Page>
  );
}
