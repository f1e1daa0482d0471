import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../../api/client.ts";
import { Problem } from "../../../api/problem.ts";
import type { Candidate } from "../queries.ts";

export type Canary = Schema["CanaryItem"];

/** A canary, and what tells whether its rules are still those that were read. */
export type Seen = { readonly canary: Canary; readonly tag: string | undefined };

/** The canary that runs, or else the last there was; null where there was none. */
export const canaryQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "canary"],
    queryFn: async (): Promise<Seen | null> => {
      const asked = control.GET("/v1/zones/{zoneId}/policy-canary", { params: { path: { zoneId: zone } } });
      try {
        const canary = await read(asked);
        return { canary, tag: (await asked).response.headers.get("etag") ?? undefined };
      } catch (error) {
        if (error instanceof Problem && error.code === "policy_canary_not_found") return null;
        throw error;
      }
    },
    // Somebody else may begin one, and it may go back by itself. Where there is none each look is a refusal on record, so it is rare.
    refetchInterval: ({ state: { data } }) => (data ? (data.canary.running ? 2_000 : 10_000) : 60_000),
  });

/** Has a version decide for a share of the applications. */
export function begin(zone: string, { set, version }: Candidate, rules: Schema["CanaryRules"]) {
  return read(
    control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/canary", {
      params: { path: { zoneId: zone, id: set, versionId: version } },
      body: rules,
    }),
  );
}

/** Only what was looked at is changed: nobody grows or ends a canary of other rules unseen. */
const asSeen = (zone: string, { tag }: Seen) => ({
  path: { zoneId: zone },
  ...(tag ? { header: { "If-Match": tag } } : {}),
});

/** Changes its rules; counting begins anew. */
export function change(zone: string, seen: Seen, rules: Schema["CanaryRules"]) {
  const params = asSeen(zone, seen);
  return read(control.PATCH("/v1/zones/{zoneId}/policy-canary", { params, body: rules }));
}

/** Puts its version in force for everybody. */
export function promote(zone: string, seen: Seen) {
  return read(control.POST("/v1/zones/{zoneId}/policy-canary/activate", { params: asSeen(zone, seen) }));
}

/** Takes it back: the version in force decides for everybody again. */
export function takeBack(zone: string, seen: Seen) {
  return read(control.DELETE("/v1/zones/{zoneId}/policy-canary", { params: asSeen(zone, seen) }));
}
