import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../api/client.ts";

type Asked = Readonly<Record<string, string | number>>;
type Found = { items: Schema["LedgerEvent"][]; next_cursor: string | null };

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The instant that a span such as `24h` began, at a whole minute. */
export function began(span: string, now: Date): string {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(span) ?? [];
  const before = Number(count ?? 0) * (UNITS[unit ?? ""] ?? 0);
  return new Date(Math.floor((now.getTime() - before) / 60_000) * 60_000).toISOString();
}

/** Events of a zone, newest first; `since` is a span. Without `format` and `fields` the answer is whole events. */
export function searchAudit(zone: string, { since, ...query }: Asked): Promise<Found> {
  const from = typeof since === "string" ? { since: began(since, new Date()) } : {};
  const asked = control.GET("/v1/zones/{zoneId}/audit", {
    params: { path: { zoneId: zone }, query: { ...query, ...from } as unknown as { limit: number } },
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
