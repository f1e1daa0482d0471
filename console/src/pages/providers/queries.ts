import { queryOptions, useQuery } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";
import { allOf } from "../../api/pages.ts";

/** Most of what is read of a listing to be chosen from or looked through. */
const MOST = 5_000;

/** The providers of a zone, for a choice among them. */
export const providersQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "providers", "all"],
    queryFn: () =>
      allOf(
        (after) =>
          read(
            control.GET("/v1/zones/{zoneId}/providers", {
              params: { path: { zoneId: zone }, query: { limit: 500, ...after } },
            }),
          ),
        MOST,
      ),
  });

/** The resources that a provider's credential is put into calls of. */
export const boundQuery = (zone: string, provider: string) =>
  queryOptions({
    queryKey: ["zone", zone, "resources", "all"],
    queryFn: () =>
      allOf(
        (after) =>
          read(
            control.GET("/v1/zones/{zoneId}/resources", {
              params: { path: { zoneId: zone }, query: { limit: 500, ...after } },
            }),
          ),
        MOST,
      ),
    select: (resources) => resources.filter((resource) => resource.credential_provider_id === provider),
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
