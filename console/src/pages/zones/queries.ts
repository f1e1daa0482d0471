import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";

/** The zones that whoever is signed in reaches. */
export const zonesQuery = queryOptions({
  queryKey: ["zones"],
  queryFn: () => read(control.GET("/v1/zones", { params: { query: { limit: 500 } } })),
});

export const zoneQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "itself"],
    queryFn: () => read(control.GET("/v1/zones/{zoneId}", { params: { path: { zoneId: zone } } })),
    // Somebody else may freeze it. Each refusal is on record, and not asked for again and again.
    refetchInterval: (query) => (query.state.status === "error" ? false : 10_000),
  });
