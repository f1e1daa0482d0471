import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";

/** How many approvals stand how. */
export const approvalCountsQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "approvals", "counts"],
    queryFn: () =>
      read(control.GET("/v1/zones/{zoneId}/approvals/counts", { params: { path: { zoneId: zone } } })),
    refetchInterval: 3_000,
  });
