import { queryOptions, useQuery } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";

/** The providers of a zone, for a choice among them. */
export const providersQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "providers", "all"],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/providers", {
          params: { path: { zoneId: zone }, query: { limit: 500 } },
        }),
      ),
  });

/** Accounts that are connected at a provider, or were. */
export function useConnections(zone: string, provider: string) {
  return useQuery({
    queryKey: ["zone", zone, "connections", provider],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/provider-connections", {
          params: { path: { zoneId: zone }, query: { provider_id: provider, limit: 100 } },
        }),
      ),
  });
}
