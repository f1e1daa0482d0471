import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { control, read, type Schema } from "../../../api/client.ts";
import { explainQuery } from "../../audit/queries.ts";
import { NotData } from "../grants/literal.ts";
import { inForceQuery, policyQuery } from "../queries.ts";
import { type TextChange, textChanges, withChanges } from "./changes.ts";

type Policy = Schema["PolicyDetail"];

export type Draft =
  | {
      readonly kind: "draft";
      readonly policy: Policy;
      readonly text: string;
      /** Whether the newest version has the changes already. */
      readonly already: boolean;
      /** Whether something else has to be done as well. */
      readonly more: boolean;
    }
  | { readonly kind: "none"; readonly why: string };

/** Most policies that are looked through. */
const MOST = 200;
const AT_ONCE = 8;

/** The policies of which a version is in force. */
async function inForce(client: QueryClient, zone: string, versions: ReadonlySet<string>): Promise<Policy[]> {
  const { items } = await read(
    control.GET("/v1/zones/{zoneId}/policies", {
      params: { path: { zoneId: zone }, query: { limit: MOST } },
    }),
  );
  const found: Policy[] = [];
  for (let at = 0; at < items.length && found.length < versions.size; at += AT_ONCE) {
    const some = await Promise.all(
      items
        .slice(at, at + AT_ONCE)
        .map(({ id }) => client.fetchQuery({ ...policyQuery(zone, id), staleTime: 0 })),
    );
    found.push(...some.filter((policy) => policy.versions.some((version) => versions.has(version.id))));
  }
  return found;
}

/** The first policy in whose newest text all of the changes can be made. */
function drafted(policies: readonly Policy[], changes: readonly TextChange[], more: boolean): Draft {
  let why = "nothing is in force";
  for (const policy of policies) {
    const text = policy.versions[0]?.content;
    if (typeof text !== "string") continue;
    try {
      const next = withChanges(text, changes);
      return { kind: "draft", policy, text: next, already: next === text, more };
    } catch (error) {
      if (!(error instanceof NotData)) throw error;
      why = `${policy.name}: ${error.message}`;
    }
  }
  return {
    kind: "none",
    why: `It cannot be drafted (${why}). Make the change in the text of a policy yourself.`,
  };
}

/** What a refused request would need, as a change of the policy that it is made in. It is worked out once. */
export const draftQuery = (zone: string, request: string) =>
  queryOptions({
    queryKey: ["draft", zone, request],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    queryFn: async ({ client }): Promise<Draft> => {
      const explained = await client.fetchQuery({ ...explainQuery(zone, request), staleTime: 0 });
      const suggested = explained.denied.flatMap(({ suggestion }) => suggestion?.changes ?? []);
      const changes = textChanges(suggested);
      if (changes.length === 0)
        return { kind: "none", why: "No change of a policy would allow this request." };
      const current = await client.fetchQuery({ ...inForceQuery(zone), staleTime: 0 });
      const versions = new Set(current.version?.manifest_json.map((entry) => entry.policy_version_id));
      return drafted(await inForce(client, zone, versions), changes, changes.length < suggested.length);
    },
  });
