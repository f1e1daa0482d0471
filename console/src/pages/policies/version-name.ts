import { useQuery } from "@tanstack/react-query";
import { setVersionsQuery } from "./queries.ts";

type Tried = { readonly policy_set_id: string; readonly version_id: string };

/** What a version of a set is called, once its number is known; until then `otherwise`. */
export function useVersionName(zone: string, of: Tried | undefined, otherwise: string): string {
  const query = setVersionsQuery(zone, of?.policy_set_id ?? "");
  const versions = useQuery({ ...query, enabled: of !== undefined }).data;
  const number = versions?.items.find((one) => one.id === of?.version_id)?.version;
  return number === undefined ? otherwise : `version ${number}`;
}
