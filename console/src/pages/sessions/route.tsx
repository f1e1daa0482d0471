import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { coordinator, read } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { useAct } from "../../parts/act.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { FormProblem } from "../../parts/form.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { PolledPulse } from "../../parts/pulse.tsx";
import { Badge, Facts, Id, Raw, State } from "../../parts/show.tsx";
import { ExactTime, span, Time } from "../../parts/time.tsx";
import { PackButton } from "../audit/pack.tsx";
import { EVERY_MS, liveSessionsQuery, useNames } from "./queries.ts";
import { below, type Node, type Session, times, trees } from "./tree.ts";

function Authority({ zone, session }: { zone: string; session: string }) {
  const query = useQuery({
    queryKey: ["zone", zone, "authority", session],
    queryFn: () =>
      read(
        coordinator.GET("/zones/{zone}/agents/{id}/effective-authority", {
          params: { path: { zone, id: session } },
        }),
      ),
  });
  return (
    <section className="stack-small" aria-labelledby="authority">
      <h3 id="authority">What it holds</h3>
      <Loaded query={query}>
        {(held) =>
          held.inbound_edges.length === 0 ? (
            <p className="quiet">Nothing was handed to it.</p>
          ) : (
            <Facts
              rows={[
                [
                  "Scopes",
                  <span key="scopes" className="mono">
                    {[held.effective_scopes].flat().join(" ") || "none"}
                  </span>,
                ],
                ["Resources", held.effective_resources.join(", ") || "any that policy allows"],
                ["Delegations", held.inbound_edges.length.toLocaleString()],
                ["May hand on", times(held.effective_max_hops)],
                [
                  "First end",
                  held.earliest_expires_at ? <Time key="end" at={held.earliest_expires_at} /> : "none",
                ],
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}

function Panel({ zone, node, name, close }: { zone: string; node: Node; name: string; close: () => void }) {
  const { session } = node;
  const client = useQueryClient();
  const refused = useRefusal("stop");
  const { act: once, error } = useAct();
  const [ending, setEnding] = useState(false);
  const reached = below(node);
  const params = { path: { zone, id: session.agent_session_id } };
  const again = () => client.invalidateQueries({ queryKey: ["zone", zone] });
  const act = (work: () => Promise<unknown>) =>
    once(async () => {
      await work();
      await again();
    });
  const label = reached.length === 1 ? "End the session" : `End ${reached.length} sessions`;
  return (
    <Dialog side title={name} onClose={close}>
      <FormProblem error={error} />
      <div className="row">
        <State of={session.status} />
        <Badge>{session.lifecycle}</Badge>
        {session.labels.map((one) => (
          <Badge key={one}>
            <bdi>{one}</bdi>
          </Badge>
        ))}
      </div>
      <Facts
        rows={[
          ["Session", <Id key="id" of={session.agent_session_id} />],
          ["Started", <ExactTime key="at" at={session.started_at} />],
          ["Time to live", session.ttl_seconds ? span(session.ttl_seconds) : "as long as its lease"],
          ["Below it", reached.length === 2 ? "1 session" : `${reached.length - 1} sessions`],
          ["Authority record", <Id key="record" of={session.subject_authority_record_id} />],
        ]}
      />
      <div className="row">
        {session.status === "active" ? (
          <Button
            refused={refused}
            onClick={() =>
              void act(() => read(coordinator.PATCH("/zones/{zone}/agents/{id}/suspend", { params })))
            }
          >
            Pause
          </Button>
        ) : (
          <Button
            refused={refused}
            onClick={() =>
              void act(() => read(coordinator.PATCH("/zones/{zone}/agents/{id}/resume", { params })))
            }
          >
            Let it go on
          </Button>
        )}
        <Button look="danger" refused={refused} onClick={() => setEnding(true)}>
          {label}…
        </Button>
        <Link to="/z/$zone/audit" params={{ zone }} search={{ session_id: session.agent_session_id }}>
          What it did
        </Link>
        <PackButton zone={zone} asked={() => ({ session_id: session.agent_session_id })} />
      </div>
      <Authority zone={zone} session={session.agent_session_id} />
      <Raw value={session} />
      {ending && (
        <Confirm
          title={`${label}?`}
          label={label}
          onClose={() => setEnding(false)}
          act={async () => {
            await read(coordinator.DELETE("/zones/{zone}/agents/{id}", { params }));
            await again();
            close();
          }}
        >
          <p>
            {reached.length === 1
              ? "It ends now. What it has in flight is refused at the Gateway."
              : `It ends now, with the ${reached.length - 1} sessions below it. What they have in flight is refused at the Gateway.`}
          </p>
          <p className="quiet">
            The application can start another session. To stop it for good, rotate its secret too.
          </p>
        </Confirm>
      )}
    </Dialog>
  );
}

function Branch({
  node,
  names,
  open,
}: {
  node: Node;
  names: ReadonlyMap<string, string>;
  open: (id: string) => void;
}) {
  const { session, children } = node;
  return (
    <li>
      <div>
        <State of={session.status} />
        <button type="button" className="linklike" onClick={() => open(session.agent_session_id)}>
          <bdi>{names.get(session.application_id) ?? session.application_id}</bdi>
        </button>
        <Id of={session.agent_session_id} />
        {session.labels.map((label) => (
          <Badge key={label}>
            <bdi>{label}</bdi>
          </Badge>
        ))}
        <span className="quiet small">
          started <Time at={session.started_at} />
        </span>
        {children.length > 0 && <span className="quiet small">{below(node).length - 1} below</span>}
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Branch key={child.session.agent_session_id} node={child} names={names} open={open} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Sessions that have ended. */
function Ended({ zone, names }: { zone: string; names: ReadonlyMap<string, string> }) {
  return (
    <List<Session>
      name="ended sessions"
      queryKey={["zone", zone, "ended-sessions"]}
      load={(cursor) =>
        read(
          coordinator.GET("/zones/{zone}/agents", {
            params: {
              path: { zone },
              query: { status: "terminated", limit: 100, ...(cursor ? { cursor } : {}) },
            },
          }),
        )
      }
      keyOf={(session) => session.agent_session_id}
      textOf={(session) =>
        `${session.agent_session_id} ${names.get(session.application_id) ?? ""} ${session.labels.join(" ")}`
      }
      columns={[
        { head: "Session", cell: (session) => <Id of={session.agent_session_id} /> },
        {
          head: "Application",
          cell: (session) => <bdi>{names.get(session.application_id) ?? session.application_id}</bdi>,
        },
        {
          head: "Why it ended",
          cell: (session) => (session.termination_reason ?? "unknown").replaceAll("_", " "),
        },
        { head: "Started", cell: (session) => <Time at={session.started_at} /> },
        { head: "Ended", right: true, cell: (session) => <Time at={session.terminated_at} /> },
      ]}
      empty={<Empty title="No session has ended yet">Sessions that end stand here for a while.</Empty>}
    />
  );
}

/** What runs now, as trees, with the switch that ends it. */
export function SessionsPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const query = useQuery(liveSessionsQuery(zone));
  const names = useNames(zone);
  const ended = address["view"] === "ended";
  const find = (nodes: ReadonlyArray<Node>): Node | undefined => {
    for (const node of nodes) {
      const found = node.session.agent_session_id === address["open"] ? node : find(node.children);
      if (found) return found;
    }
    return undefined;
  };
  return (
    <Page
      title="Sessions"
      about="Each is one run of an agent. Ending one ends everything below it."
      action={
        <>
          <Button
            onClick={() =>
              setAddress({ view: ended ? undefined : "ended", find: undefined, open: undefined })
            }
          >
            {ended ? "What runs now" : "What has ended"}
          </Button>
          <Link className="button" to="/z/$zone/subjects" params={{ zone }}>
            Stop a subject…
          </Link>
        </>
      }
    >
      {ended ? (
        <Ended zone={zone} names={names} />
      ) : (
        <Loaded query={query}>
          {(sessions) => {
            const nodes = trees(sessions);
            const opened = address["open"] ? find(nodes) : undefined;
            return (
              <div className="stack">
                <div className="spread">
                  <span className="quiet number">{sessions.length.toLocaleString()} live</span>
                  <PolledPulse of={query} every={EVERY_MS} />
                </div>
                {address["open"] && !opened && (
                  <p className="note row" role="status">
                    The session that this address names does not run any more.
                    <Link to="/z/$zone/audit" params={{ zone }} search={{ session_id: address["open"] }}>
                      What it did
                    </Link>
                  </p>
                )}
                {nodes.length === 0 ? (
                  <Empty
                    title="Nothing runs now"
                    action={
                      <Link to="/z/$zone/protect" params={{ zone }}>
                        Make a first call
                      </Link>
                    }
                  >
                    A session appears here as soon as an agent starts one, with everything that it starts
                    below it.
                  </Empty>
                ) : (
                  <ul className="tree" aria-label="Sessions">
                    {nodes.map((node) => (
                      <Branch
                        key={node.session.agent_session_id}
                        node={node}
                        names={names}
                        open={(id) => setAddress({ open: id })}
                      />
                    ))}
                  </ul>
                )}
                {opened && (
                  <Panel
                    zone={zone}
                    node={opened}
                    name={names.get(opened.session.application_id) ?? "Session"}
                    close={() => setAddress({ open: undefined })}
                  />
                )}
              </div>
            );
          }}
        </Loaded>
      )}
    </Page>
  );
}
