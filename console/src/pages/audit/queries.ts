import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../api/client.ts";

type Asked = Readonly<Record<string, string | number>>;
type Found = { items: Schema["LedgerEvent"][]; next_cursor: string | null };

/** Spans of time that end now, by how an address says them. */
export const SPANS = [
  ["", "All time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
] as const;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The instant that a span such as `24h` began, at a whole minute. */
export function began(span: string, now: Date): string {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(span) ?? [];
  const before = Number(count ?? 0) * (UNITS[unit ?? ""] ?? 0);
  return new Date(Math.floor((now.getTime() - before) / 60_000) * 60_000).toISOString();
}

/** A question as the service takes it: `since` is a span that ends now, and `from` an instant that comes before it. */
export function question({ since, from, ...query }: Asked, now: Date): Record<string, string> {
  const begin = from ?? (typeof since === "string" ? began(since, now) : undefined);
  const asked = begin === undefined ? query : { ...query, since: begin };
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)]));
}

/** Events of a zone, newest first. Without `format` and `fields` the answer is whole events. */
export function searchAudit(zone: string, query: Asked): Promise<Found> {
  const asked = control.GET("/v1/zones/{zoneId}/audit", {
    params: { path: { zoneId: zone }, query: question(query, new Date()) as unknown as { limit: number } },
  });
  return read(asked as unknown as Promise<{ data?: Found; error?: unknown; response: Response }>);
}

/** What happened to a request, and why. */
export const explainQuery = (zone: string, request: string) =>
  queryOptions({
    queryKey: ["zone", zone, "explain", request],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/audit/by-request/{requestId}/explain", {
          params: { path: { zoneId: zone, requestId: request } },
        }),
      ),
  });
