import { queryOptions, useQuery } from "@tanstack/react-query";
import { control, read, type Schema } from "./client.ts";
import { Problem } from "./problem.ts";

export type Power = Schema["AccountPower"];

/** Who is signed in; null where nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<Schema["Me"] | null> => {
    try {
      return await read(control.GET("/v1/console/me"));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** How people sign in here, and whether anybody can yet. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: () => read(control.GET("/v1/console/setup")),
});

/** Why the role of whoever is signed in does not let them do something; undefined where it does. */
export function useRefusal(power: Power): string | undefined {
  const me = useQuery(meQuery).data;
  if (me?.may.includes(power)) return undefined;
  return me ? `Your role, ${me.account.role}, does not let you do this.` : "You are not signed in.";
}
