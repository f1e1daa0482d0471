import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { coordinator, read } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { CheckField } from "../../parts/form.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { useNames } from "../sessions/queries.ts";
import { times } from "../sessions/tree.ts";
import { DelegationGraph } from "./graph.tsx";
import { type Delegation, scopesOf } from "./layout.ts";

const scopes = (delegation: Delegation): string => scopesOf(delegation).join(" ");

function Panel({
  zone,
  delegation,
  names,
  close,
}: {
  zone: string;
  delegation: Delegation;
  names: ReadonlyMap<string, string>;
  close: () => void;
}) {
  const client = useQueryClient();
  const refused = useRefusal("stop");
  const [revoking, setRevoking] = useState(false);
  const [target, setTarget] = useState(false);
  const params = { path: { zone, id: delegation.id } };
  const impact = useQuery({
    queryKey: ["zone", zone, "impact", delegation.id],
    queryFn: () => read(coordinator.GET("/zones/{zone}/delegations/{id}/impact", { params })),
  });
  const name = (id: string) => names.get(id) ?? id;
  return (
    <Dialog
      side
      title={`${name(delegation.issuer_application_id)} to ${name(delegation.receiver_application_id)}`}
      onClose={close}
    >
      <Facts
        rows={[
          ["Id", <Id key="id" of={delegation.id} />],
          [
            "Scopes",
            <span key="scopes" className="mono">
              {scopes(delegation) || "none"}
            </span>,
          ],
          ["From session", <Id key="from" of={delegation.source_session_id} />],
          ["To session", <Id key="to" of={delegation.target_session_id} />],
          [
            "Narrows",
            delegation.parent_edge_id ? <Id key="parent" of={delegation.parent_edge_id} /> : "no other",
          ],
          ["May be handed on", times(delegation.remaining_hops)],
          ["Made", <ExactTime key="made" at={delegation.created_at} />],
          ["Ends", <ExactTime key="ends" at={delegation.expires_at} />],
        ]}
      />
      <section className="stack-small" aria-labelledby="impact">
        <h3 id="impact">What taking it back would reach</h3>
        <Loaded query={impact}>
          {(reached) => (
            <ol className="trace">
              {reached.affected_edges.map((edge) => (
                <li key={edge.id} style={{ marginInlineStart: `${edge.depth * 16}px` }}>
                  <span className="row">
                    <Id of={edge.id} />
                    <span className="quiet small">
                      <Id of={edge.source_session_id} /> → <Id of={edge.target_session_id} />
                    </span>
                  </span>
                </li>
              ))}
            </ol>
          )}
        </Loaded>
      </section>
      <div className="row">
        <Button look="danger" refused={refused} onClick={() => setRevoking(true)}>
          Take it back…
        </Button>
      </div>
      <Raw value={delegation} />
      {revoking && (
        <Confirm
          title="Take the delegation back"
          label={`Take ${impact.data?.affected_total ?? 1} back`}
          onClose={() => setRevoking(false)}
          act={async () => {
            await read(
              coordinator.PATCH("/zones/{zone}/delegations/{id}/revoke", {
                params,
                body: { terminate_target: target },
              }),
            );
            await client.invalidateQueries({ queryKey: ["zone", zone] });
            close();
          }}
        >
          <p>
            {impact.data?.affected_total ?? 1} delegations end now, held by{" "}
            {impact.data?.affected_sessions.length ?? 1} sessions. This cannot be undone.
          </p>
          <CheckField
            label="End the sessions that received it as well"
            checked={target}
            onChange={(event) => setTarget(event.target.checked)}
          />
        </Confirm>
      )}
    </Dialog>
  );
}

/** Authority that sessions handed to others, as far as it is live. */
export function DelegationsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const names = useNames(zone);
  const name = (id: string) => names.get(id) ?? id;
  const [address, setAddress] = useAddress();
  return (
    <Page
      title="Delegations"
      about="Authority that one session handed to another. Taking one back ends everything narrowed from it."
    >
      <DelegationGraph
        zone={zone}
        names={names}
        open={address["open"]}
        onOpen={(id) => setAddress({ open: id })}
      />
      <List<Delegation>
        name="delegations"
        queryKey={["zone", zone, "delegations"]}
        every={5_000}
        load={(cursor) =>
          read(
            coordinator.GET("/zones/{zone}/delegations/active", {
              params: { path: { zone }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
            }),
          )
        }
        keyOf={(delegation) => delegation.id}
        textOf={(delegation) =>
          `${delegation.id} ${name(delegation.issuer_application_id)} ${name(delegation.receiver_application_id)} ${scopes(delegation)}`
        }
        columns={[
          {
            head: "From and to",
            cell: (delegation) => (
              <>
                <bdi>{name(delegation.issuer_application_id)}</bdi> →{" "}
                <bdi>{name(delegation.receiver_application_id)}</bdi>
              </>
            ),
          },
          { head: "Scopes", cell: (delegation) => <span className="mono">{scopes(delegation)}</span> },
          { head: "Hops left", right: true, cell: (delegation) => delegation.remaining_hops },
          { head: "Made", cell: (delegation) => <Time at={delegation.created_at} /> },
          { head: "Ends", right: true, cell: (delegation) => <Time at={delegation.expires_at} /> },
        ]}
        empty={
          <Empty title="Nothing is handed on">
            A session that acts for another gets exactly the scopes and resources it needs, for minutes. They
            stand here while they are live.
          </Empty>
        }
        panel={(delegation, close) => (
          <Panel zone={zone} delegation={delegation} names={names} close={close} />
        )}
      />
    </Page>
  );
}
