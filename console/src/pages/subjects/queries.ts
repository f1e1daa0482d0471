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

/** Since when and why a subject is kept out; null of one that is not. */
export const blockedQuery = (zone: string, subject: string) =>
  queryOptions({
    queryKey: ["zone", zone, "blocked", subject],
    queryFn: async () => {
      const { items } = await read(
        control.GET("/v1/zones/{zoneId}/subjects/blocked", {
          params: { path: { zoneId: zone }, query: { subject_id: subject, limit: 1 } },
        }),
      );
      return items[0] ?? null;
    },
  });
