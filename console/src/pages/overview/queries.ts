import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";

export const overviewQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "overview"],
    queryFn: () => read(control.GET("/v1/zones/{zoneId}/overview", { params: { path: { zoneId: zone } } })),
    refetchInterval: 10_000,
  });

/** What was decided within the last hours. Where not all of it is counted yet, each question counts more. */
export const activityQuery = (zone: string, hours: number) =>
  queryOptions({
    queryKey: ["zone", zone, "activity", hours],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/activity", {
          params: { path: { zoneId: zone }, query: { hours } },
        }),
      ),
    refetchInterval: (query) => (query.state.data?.complete === false ? 1_000 : 15_000),
  });
