import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client.ts";
import { Loaded } from "../../parts/page.tsx";
import { reason } from "../audit/words.ts";
import { refusalsQuery } from "./queries.ts";

/** How often each reason was given, most often first. */
export function byReason(
  events: ReadonlyArray<Schema["LedgerEvent"]>,
): ReadonlyArray<readonly [string, number]> {
  const counts = new Map<string, number>();
  for (const event of events) {
    const why = reason(event) ?? "unknown";
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1]).slice(0, 6);
}

/** Why calls were refused in the last day; each bar leads to the events behind it. */
export function Refusals({ zone }: { zone: string }) {
  const query = useQuery(refusalsQuery(zone));
  return (
    <section className="stack-small" aria-labelledby="refusals">
      <h2 id="refusals">Why were calls refused today?</h2>
      <Loaded query={query}>
        {({ items }) => {
          const rows = byReason(items);
          const most = Math.max(1, ...rows.map(([, count]) => count));
          return rows.length === 0 ? (
            <p className="quiet">Nothing was refused in the last 24 hours.</p>
          ) : (
            <ul className="bars">
              {rows.map(([why, count]) => (
                <li key={why}>
                  <Link
                    to="/z/$zone/audit"
                    params={{ zone }}
                    search={{ decision: "deny", since: "24h", find: why.replaceAll("_", " ") }}
                  >
                    <span>{why.replaceAll("_", " ")}</span>
                    <span
                      className="bar"
                      style={{ inlineSize: `${(count / most) * 100}%` }}
                      aria-hidden="true"
                    />
                    <span className="number">{count}</span>
                  </Link>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </section>
  );
}
