import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../api/client.ts";

export type Compared = Schema["PolicySetDiff"];
export type Member = Schema["PolicyMemberDiff"];

/** What is different with a version of a set: against another of it, or else against what is in force. */
export const diffQuery = (zone: string, set: string, from: string | undefined, to: string) =>
  queryOptions({
    queryKey: ["zone", zone, "set-diff", set, from ?? "", to],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/diff", {
          params: { path: { zoneId: zone, id: set, versionId: to }, query: from ? { from } : {} },
        }),
      ),
  });

/** The text of a version of a policy; none where there is no version. */
export const textQuery = (zone: string, policy: string, version: string | undefined) =>
  queryOptions({
    queryKey: ["zone", zone, "policy-text", policy, version ?? ""],
    queryFn: async (): Promise<string> => {
      if (version === undefined) return "";
      const { content } = await read(
        control.GET("/v1/zones/{zoneId}/policies/{id}/versions/{versionId}", {
          params: { path: { zoneId: zone, id: policy, versionId: version } },
        }),
      );
      return content ?? "";
    },
    // A version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
