import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTail } from "../../api/live.ts";
import { useRefusal } from "../../api/me.ts";
import { rolesQuery } from "../../api/roles.ts";
import { Figures } from "../../parts/figures.tsx";
import { Empty, Loaded, Page } from "../../parts/page.tsx";
import { Pulse } from "../../parts/pulse.tsx";
import { millis } from "../../parts/scale.ts";
import { Id, State } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { approvalCountsQuery } from "../approvals/queries.ts";
import { about, happened, reason } from "../audit/words.ts";
import { FreezeButton } from "../zones/freeze.tsx";
import { zoneQuery } from "../zones/queries.ts";
import { attention } from "./attention.ts";
import { Charts } from "./charts.tsx";
import { lag } from "./health.ts";
import { overviewQuery } from "./queries.ts";
import { Roles } from "./roles.tsx";
import "./overview.css";

/** What happens now, on top of what happened before the page was opened. */
function Recent({ zone, before }: { zone: string; before: ReadonlyArray<RecentEvent> }) {
  const [held, setHeld] = useState(false);
  const { events, freshness } = useTail(zone, {}, held);
  const seen = new Set(events.map((event) => event.id));
  const rows: ReadonlyArray<RecentEvent> = [
    ...events,
    ...before.filter((event) => !seen.has(event.id)),
  ].slice(0, 10);
  return (
    <section
      className="stack-small"
      aria-labelledby="recent"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
    >
      <div className="spread">
        <h2 id="recent">What happened last</h2>
        <Pulse of={freshness} />
      </div>
      {rows.length === 0 ? (
        <p className="quiet">Nothing yet. Events appear here a moment after they happen.</p>
      ) : (
        <Table heads={["Decision", "Event", "About", "When"]} headless stacked>
          {rows.map((event) => (
            <tr key={event.id} className="recent">
              <td>
                <State of={event.decision} />
              </td>
              <td className="what">
                <Link
                  className="cover"
                  to="/z/$zone/audit"
                  params={{ zone }}
                  search={{ request: event.request_id }}
                >
                  {happened(event)}
                </Link>{" "}
                <span className="quiet small">{reason(event)?.replaceAll("_", " ")}</span>
              </td>
              <td className="mono quiet">{about(event)}</td>
              <td className="right">
                <Time at={event.occurred_at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

type RecentEvent = {
  id: string;
  event_type: string;
  request_id: string;
  decision: string;
  metadata_json: unknown;
  occurred_at: string;
};

/** A zone at a glance. */
export function OverviewPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const itself = useQuery(zoneQuery(zone)).data;
  const query = useQuery(overviewQuery(zone));
  const waiting = useQuery(approvalCountsQuery(zone)).data?.pending ?? 0;
  const noEvidence = useRefusal("read_evidence");
  const late = lag(useQuery(rolesQuery).data ?? []);
  return (
    <Page
      title={itself?.name ?? "Overview"}
      about={
        itself && (
          <>
            Zone <Id of={itself.id} />
          </>
        )
      }
      action={<FreezeButton zone={zone} />}
    >
      <Loaded query={query}>
        {(overview) => {
          const { applications, resources, policy_sets, sessions, decisions_24h } = overview;
          const tasks = attention(overview, waiting);
          const empty = applications.total === 0 && resources.total === 0;
          return empty ? (
            <Empty
              title="Nothing is protected here yet"
              action={
                <div className="row">
                  <Link className="button main" to="/z/$zone/protect" params={{ zone }}>
                    Protect an API
                  </Link>
                  <Link className="button" to="/z/$zone/protect/mcp" params={{ zone }}>
                    Protect an MCP server
                  </Link>
                </div>
              }
            >
              One form makes the credential, the resource, the agent's application and the policy between
              them, and waits with you for the first call.
            </Empty>
          ) : (
            <div className="stack-large">
              <Figures
                of={[
                  {
                    name: "Policy",
                    value: policy_sets.enforcing > 0 ? "In force" : "None in force",
                    more: <bdi>{policy_sets.active_name ?? "every call is refused"}</bdi>,
                  },
                  { name: "Allowed, 24 hours", value: decisions_24h.allowed.toLocaleString() },
                  { name: "Refused, 24 hours", value: decisions_24h.denied.toLocaleString() },
                  {
                    name: "Live authority",
                    value: sessions.active.toLocaleString(),
                    more: sessions.active === 1 ? "record" : "records",
                  },
                  {
                    name: "Revocation lag",
                    value: late === undefined ? "Nothing ended yet" : millis(late),
                    more: "from an end to the slowest that enforces",
                  },
                  {
                    name: "Resources",
                    value: resources.total.toLocaleString(),
                    more: `for ${applications.total.toLocaleString()} ${applications.total === 1 ? "application" : "applications"}`,
                  },
                ]}
              />
              {tasks.length > 0 && (
                <section className="stack-small" aria-labelledby="attention">
                  <h2 id="attention">Needs you</h2>
                  <ul className="attention">
                    {tasks.map((task) => (
                      <li key={task.text}>
                        <span>{task.text}</span>
                        <Link to={task.to} params={{ zone }}>
                          {task.label}
                        </Link>
                      </li>
                    ))}
                  </ul>
                </section>
              )}
              {noEvidence ? (
                <p className="quiet">{noEvidence} Evidence is not shown.</p>
              ) : (
                <>
                  <Charts zone={zone} />
                  <Recent zone={zone} before={overview.recent_events} />
                </>
              )}
              <Roles />
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}
