import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";

/** What a subject holds; null of one that never held anything here. */
export const subjectQuery = (zone: string, subject: string) =>
  queryOptions({
    queryKey: ["zone", zone, "subject", subject],
    queryFn: async () => {
      try {
        return await read(
          control.GET("/v1/zones/{zoneId}/subjects/overview", {
            params: { path: { zoneId: zone }, query: { subject_id: subject } },
          }),
        );
      } catch (error) {
        if (error instanceof Problem && error.code === "subject_not_found") return null;
        throw error;
      }
    },
    // Each refusal is on record: one that is not there is not asked for again and again.
    refetchInterval: (query) => (query.state.data ? 5_000 : false),
  });

/** Most subjects that are looked through for whether one is kept out. */
const MOST = 2_000;

/** Whoever is kept out, by id. */
export const blockedQuery = (zone: string) =>
  queryOptions({
    queryKey: ["zone", zone, "blocked"],
    queryFn: async () => {
      const blocked = [];
      let cursor: string | undefined;
      do {
        const page = await read(
          control.GET("/v1/zones/{zoneId}/subjects/blocked", {
            params: { path: { zoneId: zone }, query: { limit: 200, ...(cursor ? { cursor } : {}) } },
          }),
        );
        blocked.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor && blocked.length < MOST);
      return new Map(blocked.map((one) => [one.subject_id, one]));
    },
  });
