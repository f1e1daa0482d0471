import { Link, useParams } from "@tanstack/react-router";
import { control, read } from "../../api/client.ts";
import type { Listing } from "../../api/pages.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Filter } from "../../parts/filter.tsx";
import { List, useAddress } from "../../parts/list.tsx";
import { Empty, Page } from "../../parts/page.tsx";
import { Badge, Facts, Id, Raw } from "../../parts/show.tsx";
import { ExactTime, Time } from "../../parts/time.tsx";
import { By } from "../accounts/by.tsx";
import { question, SPANS } from "../audit/queries.ts";
import { useNames } from "../sessions/queries.ts";
import { type Change, done, fields, OBJECTS, operator, reason } from "./words.ts";

const KINDS = [
  ["", "Every object"],
  // The Coordinator calls sessions agents in its paths.
  ...Object.entries(OBJECTS).map(
    ([key, name]) => [key, key === "agents" ? "session, as agents see it" : name] as const,
  ),
] as const;
const FILTERS = ["entity_type", "since", "actor_id", "entity_id"] as const;

function Outcome({ of }: { of: Change }) {
  return of.status_code < 400 ? (
    <Badge meaning="allowed">done</Badge>
  ) : (
    <Badge meaning="refused">refused, {of.status_code}</Badge>
  );
}

function Who({ of, zone }: { of: Change; zone: string }) {
  const browser = operator(of);
  // An application that did it by itself is called by its id.
  const application = useNames(zone).get(of.actor_id ?? of.actor_name ?? "");
  if (application !== undefined) return <bdi title={of.actor_id ?? undefined}>{application}</bdi>;
  if (of.actor_name) return <bdi title={of.actor_id ?? undefined}>{of.actor_name}</bdi>;
  return browser ? <By of={browser} /> : <span className="quiet">{of.actor_id ?? "unknown"}</span>;
}

function Panel({ zone, change, close }: { zone: string; change: Change; close: () => void }) {
  const changed = fields(change);
  const why = reason(change);
  return (
    <Dialog side title={done(change)} onClose={close}>
      <div className="row">
        <Outcome of={change} />
        {change.signed && <Badge>signed record</Badge>}
      </div>
      {why && (
        <p className="note">
          <bdi>{why.replaceAll("_", " ")}</bdi>
        </p>
      )}
      <Facts
        rows={[
          ["Who", <Who key="who" of={change} zone={zone} />],
          ...(change.actor_id
            ? [
                [
                  "Everything else by them",
                  <Link
                    key="by"
                    to="/z/$zone/changes"
                    params={{ zone }}
                    search={{ actor_id: change.actor_id }}
                  >
                    Show it
                  </Link>,
                ] as const,
              ]
            : []),
          ["When", <ExactTime key="when" at={change.occurred_at} />],
          [
            "Request",
            <span key="request" className="mono" style={{ overflowWrap: "anywhere" }}>
              {change.action}
            </span>,
          ],
          ["Request id", <Id key="id" of={change.request_id} />],
          ...(change.entity_id
            ? [
                ["Object", <Id key="object" of={change.entity_id} />] as const,
                [
                  "Everything done to it",
                  <Link
                    key="to"
                    to="/z/$zone/changes"
                    params={{ zone }}
                    search={{ entity_id: change.entity_id }}
                  >
                    Show it
                  </Link>,
                ] as const,
              ]
            : []),
          [
            "Fields",
            <span key="fields" className="mono">
              {changed.join(", ") || "none"}
            </span>,
          ],
          ["Position in the record", change.chain_seq.toLocaleString()],
        ]}
      />
      <Raw value={change} />
    </Dialog>
  );
}

/** Who changed what in a zone, and when. */
export function ChangesPage() {
  const { zone } = useParams({ strict: false }) as { zone: string };
  const [address, setAddress] = useAddress();
  const query = Object.fromEntries(
    FILTERS.flatMap((name) => (address[name] ? [[name, address[name]] as const] : [])),
  );
  const asked = () => question(query, new Date());
  const exported = new URLSearchParams({ ...asked(), format: "csv", limit: "1000" });
  return (
    <Page
      title="Changes"
      about="What administrators did here, and what they were refused. Names of fields are kept, never their values."
      action={
        <a
          className="button"
          href={`/api/control/v1/zones/${encodeURIComponent(zone)}/admin-audit?${exported}`}
          download="changes.csv"
        >
          Export 1,000 as CSV
        </a>
      }
    >
      <List<Change>
        name="changes"
        file={false}
        queryKey={["zone", zone, "changes", query]}
        load={async (cursor) =>
          (await read(
            control.GET("/v1/zones/{zoneId}/admin-audit", {
              params: {
                path: { zoneId: zone },
                query: { limit: 100, ...asked(), ...(cursor ? { cursor } : {}) },
              },
            }),
          )) as Listing<Change>
        }
        keyOf={(change) => change.id}
        textOf={(change) =>
          `${done(change)} ${change.actor_name ?? ""} ${change.path} ${change.request_id} ${fields(change).join(" ")}`
        }
        columns={[
          { head: "What", cell: (change) => done(change) },
          { head: "Who", cell: (change) => <Who of={change} zone={zone} /> },
          {
            head: "Fields",
            cell: (change) => <span className="mono quiet">{fields(change).slice(0, 4).join(", ")}</span>,
          },
          { head: "Outcome", cell: (change) => <Outcome of={change} /> },
          { head: "When", right: true, cell: (change) => <Time at={change.occurred_at} /> },
        ]}
        tools={
          <>
            <Filter
              label="Object"
              value={address["entity_type"]}
              options={KINDS}
              onChange={(entity_type) => setAddress({ entity_type })}
            />
            <Filter
              label="Time"
              value={address["since"]}
              options={SPANS}
              onChange={(since) => setAddress({ since })}
            />
            {address["actor_id"] && (
              <Button
                aria-label="Remove the filter by who did it"
                onClick={() => setAddress({ actor_id: undefined })}
              >
                by: {address["actor_id"].slice(0, 12)} ✕
              </Button>
            )}
            {address["entity_id"] && (
              <Button
                aria-label="Remove the filter by object"
                onClick={() => setAddress({ entity_id: undefined })}
              >
                object: {address["entity_id"].slice(0, 12)} ✕
              </Button>
            )}
          </>
        }
        empty={
          <Empty title="No such change">
            {Object.keys(query).length > 0
              ? "No change fits these filters. Take one away, or look at a longer time."
              : "Whatever is made, changed, stopped or removed in this zone stands here, with who did it."}
          </Empty>
        }
        panel={(change, close) => <Panel zone={zone} change={change} close={close} />}
      />
    </Page>
  );
}
