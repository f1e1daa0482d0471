import { useQuery } from "@tanstack/react-query";
import { own } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";
import { rolesQuery } from "../../api/roles.ts";
import { Button } from "../../parts/button.tsx";
import { Page, Skeleton } from "../../parts/page.tsx";
import { Badge } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { searchAudit } from "../audit/queries.ts";
import { NAMES } from "../overview/health.ts";
import { zonesQuery } from "../zones/queries.ts";
import { FOR, mended } from "./mends.ts";

type Check = { name: string; what: string; ok: boolean; said: string; mend?: string };

async function timed(work: () => Promise<unknown>): Promise<string> {
  const begin = performance.now();
  await work();
  return `answered in ${Math.round(performance.now() - begin)} ms`;
}

async function check(name: string, what: string, mend: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, what, ok: true, said: await work() };
  } catch (error) {
    // Being refused is an answer: the role is there.
    if (error instanceof Problem && [401, 403, 404].includes(error.status))
      return { name, what, ok: true, said: "answers" };
    return { name, what, ok: false, said: error instanceof Error ? error.message : "failed", mend };
  }
}

/** How far the clocks of this browser and of the console are apart, in seconds. */
async function skew(): Promise<string> {
  const before = Date.now();
  const response = await fetch("/health", { cache: "no-store" });
  const middle = (before + Date.now()) / 2;
  const theirs = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return "not told";
  const seconds = Math.abs(theirs + 500 - middle) / 1000;
  if (seconds > 30) throw new Error(`${Math.round(seconds)} seconds apart`);
  return seconds < 2 ? "the same" : `${seconds.toFixed(0)} seconds apart`;
}

/** Whether each part that the console needs does its work. */
export function DiagnosticsPage() {
  const zone = useQuery(zonesQuery).data?.items[0]?.id;
  const query = useQuery({
    queryKey: ["diagnostics", zone ?? ""],
    staleTime: 0,
    queryFn: () =>
      Promise.all([
        check("Console", "Serves these pages", "Is the machine that serves the console up?", () =>
          timed(() => own("GET", "/health")),
        ),
        check("Ledger", "Shows evidence", "Look at the logs of the roles api and audit.", () =>
          timed(() => searchAudit(zone ?? "none", { limit: 1 })),
        ),
        check("Clock", "Yours and the console's", "Set the clock of one of the two machines.", skew),
      ]),
  });
  const roles = useQuery(rolesQuery);
  const [first, ...others] = query.data ?? [];
  const said: Check[] = (roles.data ?? []).map((one) => ({
    name: NAMES[one.role],
    what: FOR[one.role],
    ...mended(one),
  }));
  const found = first ? [first, ...said, ...others] : said;
  return (
    <Page
      title="Diagnostics"
      about="How each role is, as it says itself, and what the console needs, tried just now from here."
      action={
        <Button
          busy={query.isFetching || roles.isFetching}
          onClick={() => {
            void query.refetch();
            void roles.refetch();
          }}
        >
          Try again
        </Button>
      }
    >
      {roles.isError && (
        <p role="alert" className="note refused">
          {roles.error.message}
        </p>
      )}
      {found.length === 0 && <Skeleton />}
      <Table heads={["Part", "What it does", "State", "Found"]} live stacked>
        {found.map((found) => (
          <tr key={found.name}>
            <td data-head="Part">
              <strong>{found.name}</strong>
            </td>
            <td className="quiet">{found.what}</td>
            <td>
              <Badge meaning={found.ok ? "allowed" : "refused"}>{found.ok ? "works" : "fails"}</Badge>
            </td>
            <td className="wraps">
              {found.said}
              {found.mend && <div className="quiet small">{found.mend}</div>}
            </td>
          </tr>
        ))}
      </Table>
    </Page>
  );
}
