import { queryOptions, useQuery } from "@tanstack/react-query";
import { control, coordinator, read } from "../../api/client.ts";
import { allOf } from "../../api/pages.ts";
import type { Session } from "./tree.ts";

/** Most of what is read of a listing to be shown at once. */
const MOST = 2_000;

/** How often what runs is asked for. */
export const EVERY_MS = 3_000;

/** Every session of a state. */
const all = (zone: string, status: "active" | "suspended"): Promise<Session[]> =>
  allOf(
    (after) =>
      read(
        coordinator.GET("/zones/{zone}/agents", {
          params: { path: { zone }, query: { status, limit: 500, ...after } },
        }),
      ),
    MOST,
  );

/** What runs now, and what is paused. */
export const liveSessionsQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "live-sessions"],
    queryFn: async () => (await Promise.all([all(zone, "active"), all(zone, "suspended")])).flat(),
    refetchInterval: EVERY_MS,
  });

/** Names of the applications of a zone, by id. */
const namesQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "application-names"],
    queryFn: async () => {
      const applications = await allOf(
        (after) =>
          read(
            control.GET("/v1/zones/{zoneId}/applications", {
              params: { path: { zoneId: zone }, query: { limit: 500, ...after } },
            }),
          ),
        MOST,
      );
      return new Map(applications.map(({ id, name }) => [id, name]));
    },
    staleTime: 60_000,
  });

const NONE: ReadonlyMap<string, string> = new Map();

/** What the applications of a zone are called, by id; nothing yet of those that are on their way. */
export function useNames(zone: string): ReadonlyMap<string, string> {
  return useQuery(namesQuery(zone)).data ?? NONE;
}
