import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { useTail } from "../../api/live.ts";
import { Button } from "../../parts/button.tsx";
import { Filter } from "../../parts/filter.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Pulse } from "../../parts/pulse.tsx";
import { Badge, Id, State } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { useNames } from "../sessions/queries.ts";
import { RequestDetail } from "./detail.tsx";
import { KeptFilters } from "./kept.tsx";
import { PackButton, packOf, unpackable } from "./pack.tsx";
import { question, SPANS, searchAudit } from "./queries.ts";
import { about, actor, happened, reason } from "./words.ts";

type Event = Schema["LedgerEvent"];
const DECISIONS = [
  ["", "Every decision"],
  ["allow", "Allowed"],
  ["deny", "Refused"],
  ["partial", "Partly allowed"],
] as const;
const FILTERS = ["decision", "since", "from", "until", "application_id", "session_id", "event_type"] as const;

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });

/** What a filter is, in a few words. */
function chip(name: (typeof FILTERS)[number], value: string): string {
  if (name !== "from" && name !== "until") return `${name.replaceAll("_", " ")}: ${value.slice(0, 12)}`;
  const at = new Date(value);
  return `${name} ${Number.isNaN(at.getTime()) ? value.slice(0, 20) : clock.format(at)}`;
}

/** Where the events that are shown can be had as a file. */
function exported(zone: string, query: Readonly<Record<string, string>>): string {
  const asked = new URLSearchParams({ ...question(query, new Date()), format: "csv", limit: "1000" });
  return `/api/control/v1/zones/${encodeURIComponent(zone)}/audit?${asked}`;
}

function Tail({ zone, query }: { zone: string; query: Readonly<Record<string, string>> }) {
  const [held, setHeld] = useState(false);
  const [hover, setHover] = useState(false);
  const { events, freshness } = useTail(zone, query, held || hover);
  const [, setAddress] = useAddress();
  return (
    <section
      className="stack"
      aria-label="Live events"
      onMouseEnter={() => setHover(true)}
      onMouseLeave={() => setHover(false)}
    >
      <div className="row">
        <Pulse of={freshness} />
        <Button onClick={() => setHeld(!held)}>{held ? "Go on" : "Pause"}</Button>
        <span className="quiet small">It also pauses while the pointer is on it.</span>
      </div>
      {events.length === 0 ? (
        <p className="quiet">Waiting for the next event.</p>
      ) : (
        <Table stacked heads={["Event", "Decision", "About", "When"]}>
          {events.map((event) => (
            <tr key={event.id}>
              <td data-head="Event">
                <button
                  type="button"
                  className="cover linklike"
                  onClick={() => setAddress({ request: event.request_id })}
                >
                  {happened(event)}
                </button>
              </td>
              <td data-head="Decision">
                <State of={event.decision} />
              </td>
              <td className="mono" data-head="About">
                {about(event)}
              </td>
              <td className="right" data-head="When">
                <ExactTime at={event.occurred_at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** What was decided and done in a zone: search it, follow it, and ask of each request why it ended as it did. */
export function AuditPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const query = Object.fromEntries(
    FILTERS.flatMap((name) => (address[name] ? [[name, address[name]] as const] : [])),
  );
  const { since: _, from: __, until: ___, ...following } = query;
  const live = address["view"] === "live";
  const names = useNames(zone);
  const name = (event: Event) => names.get(actor(event) ?? "");
  const chips = FILTERS.filter((name) => !["decision", "since"].includes(name) && address[name]);
  const filters = (
    <>
      <Filter
        label="Decision"
        value={address["decision"]}
        options={DECISIONS}
        onChange={(decision) => setAddress({ decision })}
      />
      {!live && (
        <Filter
          label="Time"
          value={address["since"]}
          options={SPANS}
          onChange={(since) => setAddress({ since, from: undefined, until: undefined })}
        />
      )}
      {chips.map((name) => (
        <Button
          key={name}
          aria-label={`Remove the filter ${name}`}
          onClick={() => setAddress({ [name]: undefined })}
        >
          {chip(name, address[name] ?? "")} ✕
        </Button>
      ))}
      <KeptFilters
        names={FILTERS}
        query={query}
        onChoose={(chosen) =>
          setAddress({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), ...chosen })
        }
      />
    </>
  );
  return (
    <Page
      title="Audit"
      about="Every decision and every outcome. Nobody can change or delete what stands here."
      action={
        <>
          <Button onClick={() => setAddress({ view: live ? undefined : "live", find: undefined })}>
            {live ? "Search" : "Follow live"}
          </Button>
          {!live && (
            <>
              <PackButton zone={zone} refused={unpackable(query)} asked={() => packOf(query, new Date())} />
              <a className="button" href={exported(zone, query)} download="audit.csv">
                Export 1,000 as CSV
              </a>
            </>
          )}
        </>
      }
    >
      {live ? (
        <>
          <div className="row">{filters}</div>
          <Tail zone={zone} query={following} />
        </>
      ) : (
        <List<Event>
          name="events"
          file={false}
          queryKey={["zone", zone, "audit", query]}
          load={(cursor) => searchAudit(zone, { limit: 100, ...query, ...(cursor ? { cursor } : {}) })}
          keyOf={(event) => event.id}
          textOf={(event) =>
            `${happened(event)} ${about(event)} ${reason(event)?.replaceAll("_", " ") ?? ""} ${name(event) ?? ""} ${event.request_id} ${JSON.stringify(event.metadata_json)}`
          }
          columns={[
            {
              head: "Event",
              cell: (event) => (
                <button
                  type="button"
                  className="cover linklike"
                  onClick={() => setAddress({ request: event.request_id })}
                >
                  {happened(event)}
                </button>
              ),
            },
            {
              head: "Decision",
              cell: (event) => (
                <span className="row" style={{ flexWrap: "nowrap" }}>
                  <State of={event.decision} />
                  <span className="quiet small">{reason(event)?.replaceAll("_", " ")}</span>
                  {event.outcome && <Badge meaning="waiting">outcome unknown</Badge>}
                </span>
              ),
            },
            { head: "About", cell: (event) => <span className="mono">{about(event)}</span> },
            {
              head: "Who",
              cell: (event) => {
                const [who, known] = [actor(event), name(event)];
                if (known) return <bdi title={who}>{known}</bdi>;
                return who ? <Id of={who} /> : <span className="quiet">unknown</span>;
              },
            },
            { head: "When", right: true, cell: (event) => <Time at={event.occurred_at} /> },
          ]}
          tools={filters}
          empty={
            <Empty title="No such event">
              {Object.keys(query).length > 0
                ? "No event fits these filters. Take one away, or look at a longer time."
                : "Events appear here a moment after an agent asks for its first mandate."}
            </Empty>
          }
        />
      )}
      {address["request"] && (
        <RequestDetail
          zone={zone}
          request={address["request"]}
          onClose={() => setAddress({ request: undefined })}
        />
      )}
    </Page>
  );
}
