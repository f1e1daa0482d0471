import { useQuery } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";

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
