import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Bars, Chart, OverTime } from "../../parts/chart.tsx";
import { useAddress } from "../../parts/list.tsx";
import { Loaded } from "../../parts/page.tsx";
import { compact, millis } from "../../parts/scale.ts";
import {
  type Activity,
  applications,
  HOURS,
  type Slot,
  slotName,
  slotSearch,
  ticks,
  time,
} from "./activity.ts";
import { activityQuery } from "./queries.ts";

type Shown = { zone: string; activity: Activity };

/** A row for each slot in which there was something. */
function SlotRows({
  zone,
  activity: { slots, slot_seconds: seconds },
  there,
  cells,
}: Shown & { there: (slot: Slot) => boolean; cells: (slot: Slot) => readonly string[] }) {
  return slots.filter(there).map((slot) => (
    <tr key={slot.at}>
      <td>
        <Link to="/z/$zone/audit" params={{ zone }} search={slotSearch(slot, seconds)}>
          {slotName(slot, seconds)}
        </Link>
      </td>
      {cells(slot).map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the row
        <td key={index} className="right number">
          {text}
        </td>
      ))}
    </tr>
  ));
}

function Decisions({ zone, activity }: Shown) {
  const navigate = useNavigate();
  const { slots, slot_seconds: seconds } = activity;
  const values = (of: (slot: Slot) => number) => slots.map(of);
  return (
    <Chart
      title="How much was decided?"
      sheet={{
        heads: ["Time", "Allowed", "Refused", "Calls"],
        rows: slots.map((slot) => [slot.at, slot.allowed, slot.denied, slot.calls]),
      }}
      rows={
        <SlotRows
          zone={zone}
          activity={activity}
          there={(slot) => slot.allowed + slot.denied > 0}
          cells={(slot) => [slot.allowed, slot.denied, slot.calls].map((count) => count.toLocaleString())}
        />
      }
    >
      <OverTime
        series={[
          { name: "Refused", meaning: "refused", values: values((slot) => slot.denied) },
          { name: "Allowed", meaning: "allowed", values: values((slot) => slot.allowed) },
        ]}
        slot={(index) => (slots[index] ? slotName(slots[index], seconds) : "")}
        ticks={ticks(activity)}
        onPick={(index) => {
          const slot = slots[index];
          if (slot)
            void navigate({
              to: "/z/$zone/audit",
              params: { zone },
              search: slotSearch(slot, seconds) as never,
            });
        }}
      />
    </Chart>
  );
}

function Latency({ zone, activity }: Shown) {
  const { slots, slot_seconds: seconds, total } = activity;
  const told = (took: number | null | undefined) => (typeof took === "number" ? millis(took) : "none");
  return (
    <Chart
      title="How long did upstreams take?"
      aside={
        typeof total.p95_ms === "number" && (
          <span className="quiet small number">
            {told(total.p50_ms)} for half, {told(total.p95_ms)} for 95 %
          </span>
        )
      }
      sheet={{
        heads: ["Time", "Calls", "Half within, ms", "95 % within, ms"],
        rows: slots.map((slot) => [slot.at, slot.calls, slot.p50_ms ?? null, slot.p95_ms ?? null]),
      }}
      rows={
        <SlotRows
          zone={zone}
          activity={activity}
          there={(slot) => slot.calls > 0}
          cells={(slot) => [slot.calls.toLocaleString(), told(slot.p50_ms), told(slot.p95_ms)]}
        />
      }
    >
      {total.calls === 0 ? (
        <p className="quiet">No call went to an upstream in that time.</p>
      ) : (
        <OverTime
          lines
          least={10}
          tell={millis}
          series={[
            { name: "95 % within", meaning: "accent", values: slots.map((slot) => slot.p95_ms ?? null) },
            { name: "Half within", meaning: "quiet", values: slots.map((slot) => slot.p50_ms ?? null) },
          ]}
          slot={(index) => (slots[index] ? slotName(slots[index], seconds) : "")}
          ticks={ticks(activity)}
        />
      )}
    </Chart>
  );
}

function Applications({ zone, activity, hours }: Shown & { hours: string }) {
  const rows = applications(activity);
  const name = (row: (typeof rows)[number]) =>
    row.id === undefined ? (
      <span className="quiet">{row.name}</span>
    ) : (
      <Link
        to="/z/$zone/audit"
        params={{ zone }}
        search={{ application_id: row.id, since: hours }}
        title={row.id}
      >
        <bdi>{row.name}</bdi>
      </Link>
    );
  return (
    <Chart
      title="Who called?"
      sheet={{
        heads: ["Application", "Mandates", "Calls", "Refused"],
        rows: rows.map((row) => [row.name, row.mandates, row.calls, row.denied]),
      }}
      rows={rows.map((row) => (
        <tr key={row.id ?? "others"}>
          <td>{name(row)}</td>
          {[row.mandates, row.calls, row.denied].map((count, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place in the row
            <td key={index} className="right number">
              {count.toLocaleString()}
            </td>
          ))}
        </tr>
      ))}
    >
      {rows.length === 0 ? (
        <p className="quiet">Nobody asked for anything in that time.</p>
      ) : (
        <Bars
          of={rows.slice(0, 6).map((row) => ({
            key: row.id ?? "others",
            name: name(row),
            parts: [
              { meaning: "accent", count: row.calls },
              { meaning: "refused", count: row.denied },
            ],
            figure: (
              <>
                {compact(row.calls)} {row.calls === 1 ? "call" : "calls"}
                {row.denied > 0 && <span className="wrong">, {compact(row.denied)} refused</span>}
              </>
            ),
          }))}
        />
      )}
    </Chart>
  );
}

function Reasons({ zone, activity, hours }: Shown & { hours: string }) {
  const plain = (reason: string) => reason.replaceAll("_", " ");
  const rows = [
    ...activity.reasons,
    ...(activity.other_reasons > 0 ? [{ reason: "other reasons", denied: activity.other_reasons }] : []),
  ];
  const link = (reason: string) => (
    <Link
      to="/z/$zone/audit"
      params={{ zone }}
      search={{ decision: "deny", since: hours, find: plain(reason) }}
    >
      {plain(reason)}
    </Link>
  );
  return (
    <Chart
      title="Why were calls refused?"
      sheet={{ heads: ["Reason", "Refused"], rows: rows.map(({ reason, denied }) => [reason, denied]) }}
      rows={rows.map(({ reason, denied }) => (
        <tr key={reason}>
          <td>{link(reason)}</td>
          <td className="right number">{denied.toLocaleString()}</td>
        </tr>
      ))}
    >
      {rows.length === 0 ? (
        <p className="quiet">Nothing was refused in that time.</p>
      ) : (
        <Bars
          of={rows.slice(0, 6).map(({ reason, denied }) => ({
            key: reason,
            name: link(reason),
            parts: [{ meaning: "refused", count: denied }],
            figure: compact(denied),
          }))}
        />
      )}
    </Chart>
  );
}

/** What was decided of late, over as long as somebody wants to see. */
export function Charts({ zone }: { zone: string }) {
  const [address, setAddress] = useAddress();
  const hours = HOURS.some(([key]) => key === address["hours"]) ? (address["hours"] ?? "24h") : "24h";
  const query = useQuery(activityQuery(zone, Number.parseInt(hours, 10)));
  return (
    <section className="stack" aria-label="What was decided of late">
      <div className="spread">
        <div className="segments" role="radiogroup" aria-label="Over which time">
          {HOURS.map(([key, label]) => (
            <label key={key}>
              <input
                type="radio"
                name="hours"
                checked={key === hours}
                onChange={() => setAddress({ hours: key === "24h" ? undefined : key })}
              />
              {label}
            </label>
          ))}
        </div>
        {query.data && !query.data.complete && (
          <span role="status" className="quiet small">
            Counted from {time(query.data.complete_since)} on; older events are still being read.
          </span>
        )}
      </div>
      <Loaded query={query}>
        {(activity) => (
          <div className="charts">
            <Decisions zone={zone} activity={activity} />
            <Latency zone={zone} activity={activity} />
            <Applications zone={zone} activity={activity} hours={hours} />
            <Reasons zone={zone} activity={activity} hours={hours} />
          </div>
        )}
      </Loaded>
    </section>
  );
}
