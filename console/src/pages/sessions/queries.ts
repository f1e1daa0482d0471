import { queryOptions } from "@tanstack/react-query";
import { control, coordinator, read } from "../../api/client.ts";
import type { Session } from "./tree.ts";

/** Most sessions that are shown at once. */
const MOST = 2_000;

/** How often what runs is asked for. */
export const EVERY_MS = 3_000;

/** Every session of a state, page by page. */
async function all(zone: string, status: "active" | "suspended"): Promise<Session[]> {
  const sessions: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(
      coordinator.GET("/zones/{zone}/agents", {
        params: { path: { zone }, query: { status, limit: 500, ...(cursor ? { cursor } : {}) } },
      }),
    );
    sessions.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && sessions.length < MOST);
  return sessions;
}

/** What runs now, and what is paused. */
export const liveSessionsQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "live-sessions"],
    queryFn: async () => (await Promise.all([all(zone, "active"), all(zone, "suspended")])).flat(),
    refetchInterval: EVERY_MS,
  });

/** Names of the applications of a zone. */
export const namesQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "application-names"],
    queryFn: async () => {
      const { items } = await read(
        control.GET("/v1/zones/{zoneId}/applications", {
          params: { path: { zoneId: zone }, query: { limit: 500 } },
        }),
      );
      return new Map(items.map((item) => [item.id, item.name]));
    },
    staleTime: 60_000,
  });
