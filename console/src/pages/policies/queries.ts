import { queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../api/client.ts";

const zonePath = (zone: string) => ({ path: { zoneId: zone } });

export const policyQuery = (zone: string, id: string) =>
  queryOptions({
    queryKey: ["zone", zone, "policy", id],
    queryFn: () =>
      read(control.GET("/v1/zones/{zoneId}/policies/{id}", { params: { path: { zoneId: zone, id } } })),
  });

export type InForce = {
  set: Schema["PolicySetItem"] | undefined;
  version: Schema["SetVersionDetail"] | undefined;
};

/** The policy set that is in force, or else the first there is, and its version in force. */
export const inForceQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "in-force"],
    queryFn: async (): Promise<InForce> => {
      const { items } = await read(
        control.GET("/v1/zones/{zoneId}/policy-sets", {
          params: { ...zonePath(zone), query: { limit: 500 } },
        }),
      );
      const set = items.find((one) => one.active_version_id) ?? items[0];
      if (!set?.active_version_id) return { set, version: undefined };
      const version = await read(
        control.GET("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}", {
          params: { path: { zoneId: zone, id: set.id, versionId: set.active_version_id } },
        }),
      );
      return { set, version };
    },
  });

/** The last versions of a set. */
export const setVersionsQuery = (zone: string, set: string) =>
  queryOptions({
    queryKey: ["zone", zone, "set-versions", set],
    queryFn: () =>
      read(
        control.GET("/v1/zones/{zoneId}/policy-sets/{id}/versions", {
          params: { path: { zoneId: zone, id: set }, query: { limit: 20 } },
        }),
      ),
  });

/** A version of a set that is not in force, or not yet. */
export type Candidate = { readonly set: string; readonly version: string };

/** Puts a version of a set in force. */
export function activate(zone: string, set: string, version: string) {
  return read(
    control.POST("/v1/zones/{zoneId}/policy-sets/{id}/activate", {
      params: { path: { zoneId: zone, id: set } },
      body: { version_id: version },
    }),
  );
}

/**
 * A version of the set with `versionId` beside everything else that is in force, in the place of the other versions of its
 * policy. Nothing is decided by it yet.
 */
export async function candidate(
  zone: string,
  current: InForce,
  policy: Schema["PolicyDetail"],
  versionId: string,
): Promise<Candidate> {
  const own = new Set(policy.versions.map((version) => version.id));
  const others = (current.version?.manifest_json ?? []).filter((entry) => !own.has(entry.policy_version_id));
  const set =
    current.set ??
    (await read(
      control.POST("/v1/zones/{zoneId}/policy-sets", {
        params: zonePath(zone),
        body: { name: "Everything in this zone" },
      }),
    ));
  const next = await read(
    control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions", {
      params: { path: { zoneId: zone, id: set.id } },
      body: { manifest: [...others, { policy_version_id: versionId }] },
    }),
  );
  return { set: set.id, version: next.version_id };
}
