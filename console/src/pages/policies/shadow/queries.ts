import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../../api/client.ts";
import { Problem } from "../../../api/problem.ts";
import type { Candidate } from "../queries.ts";

export type Shadow = Schema["ShadowReport"];

/** What a shadow decided otherwise, and what tells it from others. */
export type Seen = { readonly shadow: Shadow; readonly tag: string | undefined };

/** Hours for which a version can be decided beside the one in force. */
export const HOURS = [
  ["24", "a day"],
  ["168", "a week"],
  ["720", "30 days"],
] as const;

/** The version that is decided beside the one in force, or was last; null where there was none. */
export const shadowQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "shadow"],
    queryFn: async (): Promise<Seen | null> => {
      const asked = control.GET("/v1/zones/{zoneId}/policy-shadow", { params: { path: { zoneId: zone } } });
      try {
        const shadow = await read(asked);
        return { shadow, tag: (await asked).response.headers.get("etag") ?? undefined };
      } catch (error) {
        if (error instanceof Problem && error.code === "policy_shadow_not_found") return null;
        throw error;
      }
    },
    // Somebody else may begin one. Where there is none each look is a refusal on record, so it is rare.
    refetchInterval: ({ state: { data } }) => (data ? (data.shadow.running ? 5_000 : 30_000) : 60_000),
  });

/** Has a version decided beside the one in force; nothing of it is enforced. */
export function begin(zone: string, { set, version }: Candidate, hours: number) {
  return read(
    control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/shadow", {
      params: { path: { zoneId: zone, id: set, versionId: version } },
      body: { expires_in_hours: hours },
    }),
  );
}

/** Ends the one that was looked at, and no other. */
export function end(zone: string, { tag }: Seen) {
  return read(
    control.DELETE("/v1/zones/{zoneId}/policy-shadow", {
      params: { path: { zoneId: zone }, ...(tag ? { header: { "If-Match": tag } } : {}) },
    }),
  );
}
