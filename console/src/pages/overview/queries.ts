import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";
import { searchAudit } from "../audit/queries.ts";

const zonePath = (zone: string) => ({ params: { path: { zoneId: zone } } });

export const overviewQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "overview"],
    queryFn: () => read(control.GET("/v1/zones/{zoneId}/overview", zonePath(zone))),
    refetchInterval: 10_000,
  });

/** The refusals of the last day, as far as they fit on one page of the ledger. */
export const refusalsQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "refusals"],
    queryFn: () => searchAudit(zone, { decision: "deny", since: "24h", limit: 1000 }),
    refetchInterval: 30_000,
  });
