import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { control, read, type Schema } from "../../api/client.ts";
import { useRefusal } from "../../api/me.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { Failed, Loaded } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw, State } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { By } from "../accounts/by.tsx";
import { SubjectPack } from "../audit/pack.tsx";
import { kindOf } from "./held.ts";
import { blockedQuery, subjectQuery } from "./queries.ts";
import { StopSubject } from "./stop.tsx";

type Overview = Schema["SubjectOverview"];

/** What hangs on a subject. */
function Holdings({ zone, overview }: { zone: string; overview: Overview }) {
  const { subject, governed, approvals, connections } = overview;
  return (
    <>
      <Facts
        rows={[
          ["Kind", kindOf(subject)],
          ...(subject.application_name
            ? [
                [
                  "Application",
                  <Link
                    key="application"
                    to="/z/$zone/applications"
                    params={{ zone }}
                    search={{ open: subject.subject_id }}
                  >
                    <bdi>{subject.application_name}</bdi>
                  </Link>,
                ] as const,
              ]
            : []),
          ...(subject.issuer ? [["Issuer", <bdi key="issuer">{subject.issuer}</bdi>] as const] : []),
          [
            "Authority records",
            `${subject.active_sessions.toLocaleString()} live of ${subject.total_sessions.toLocaleString()}`,
          ],
          ["Sessions", `${governed.active.toLocaleString()} live of ${governed.total.toLocaleString()}`],
          [
            "Approvals",
            <Link
              key="approvals"
              to="/z/$zone/approvals"
              params={{ zone }}
              search={{ state: "all", by: subject.subject_id }}
            >
              {approvals.pending.toLocaleString()} waiting of {approvals.total.toLocaleString()}
            </Link>,
          ],
          ["First seen", <ExactTime key="first" at={subject.first_seen} />],
          ["Last seen", <Time key="last" at={subject.last_seen} />],
          ["Last stopped", <Time key="stopped" at={subject.last_revoked_at} />],
        ]}
      />
      {governed.recent.length > 0 && (
        <section className="stack-small" aria-labelledby="ran">
          <h3 id="ran">What it ran last</h3>
          <Table heads={["Session", "Application", "State", "Started"]} stacked>
            {governed.recent.map((session) => (
              <tr key={session.session_id}>
                <td data-head="Session">
                  <Link
                    to="/z/$zone/audit"
                    params={{ zone }}
                    search={{ session_id: session.session_id }}
                    title={session.session_id}
                  >
                    What it did
                  </Link>
                </td>
                <td data-head="Application">
                  <bdi>{session.application_name ?? session.application_id}</bdi>
                </td>
                <td data-head="State">
                  <State of={session.status} />
                </td>
                <td data-head="Started">
                  <Time at={session.started_at} />
                </td>
              </tr>
            ))}
          </Table>
        </section>
      )}
      {connections.length > 0 && (
        <section className="stack-small" aria-labelledby="accounts">
          <h3 id="accounts">Accounts it connected</h3>
          <Table heads={["Provider", "State", "Connected"]} stacked>
            {connections.map((connection) => (
              <tr key={connection.id}>
                <td data-head="Provider">
                  <Link to="/z/$zone/providers" params={{ zone }} search={{ open: connection.provider_id }}>
                    <bdi>{connection.provider_name ?? connection.provider_id}</bdi>
                  </Link>
                </td>
                <td data-head="State">
                  <State of={connection.status} />
                </td>
                <td data-head="Connected">
                  <Time at={connection.created_at} />
                </td>
              </tr>
            ))}
          </Table>
        </section>
      )}
    </>
  );
}

/** A subject: what it holds, whether it is kept out, and the ways to stop it and to let it in again. */
export function SubjectPanel({ zone, id, close }: { zone: string; id: string; close: () => void }) {
  const client = useQueryClient();
  const stops = useRefusal("stop");
  const changes = useRefusal("change");
  const query = useQuery(subjectQuery(zone, id));
  const outside = useQuery(blockedQuery(zone, id));
  const blocked = outside.data;
  const [doing, setDoing] = useState<"stop" | "let in">();
  const subject = query.data?.subject;
  return (
    <Dialog side title={subject?.application_name ?? id} onClose={close}>
      <div className="row">
        {blocked && <Badge meaning="refused">kept out</Badge>}
        {blocked === null && <Badge>not kept out</Badge>}
        <Id of={id} />
      </div>
      {outside.isError && <Failed error={outside.error} again={() => void outside.refetch()} />}
      {blocked && (
        <div className="note refused stack-small">
          <span>
            Kept out since <ExactTime at={blocked.blocked_at} /> by <By of={blocked.blocked_by} />:{" "}
            <bdi>{blocked.reason.replaceAll("_", " ")}</bdi>
          </span>
        </div>
      )}
      <Loaded query={query}>
        {(overview) =>
          overview ? (
            <>
              <div className="row">
                <Button look="danger" refused={stops} onClick={() => setDoing("stop")}>
                  End everything it holds…
                </Button>
                {blocked && (
                  <Button refused={changes} onClick={() => setDoing("let in")}>
                    Let it in again…
                  </Button>
                )}
                <SubjectPack zone={zone} subject={id} />
              </div>
              <Holdings zone={zone} overview={overview} />
              <Raw value={overview} />
            </>
          ) : (
            <>
              <p className="quiet">It never held authority in this zone.</p>
              {blocked && (
                <div className="row">
                  <Button refused={changes} onClick={() => setDoing("let in")}>
                    Let it in again…
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
      {doing === "stop" && subject && (
        <StopSubject zone={zone} of={subject} onClose={() => setDoing(undefined)} />
      )}
      {doing === "let in" && (
        <Confirm
          title="Let it in again"
          label="Let it in again"
          look="main"
          otherwise="Keep it out"
          onClose={() => setDoing(undefined)}
          act={async () => {
            await read(
              control.POST("/v1/zones/{zoneId}/subjects/unblock", {
                params: { path: { zoneId: zone } },
                body: { subject_id: id },
              }),
            );
            await client.invalidateQueries({ queryKey: ["zone", zone] });
          }}
        >
          <p>It may log in again. What it held stays ended.</p>
        </Confirm>
      )}
    </Dialog>
  );
}
