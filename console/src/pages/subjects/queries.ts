import { queryOptions } from "@tanstack/react-query";
import { control, read } from "../../api/client.ts";
import { allOf } from "../../api/pages.ts";
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

/** Most subjects that a zone keeps out. */
const MOST = 10_000;

/** Since when and why a subject is kept out; null of one that is not. */
export const blockedQuery = (zone: string, subject: string) =>
  queryOptions({
    queryKey: ["zone", zone, "blocked"],
    queryFn: () =>
      allOf(
        (after) =>
          read(
            control.GET("/v1/zones/{zoneId}/subjects/blocked", {
              params: { path: { zoneId: zone }, query: { limit: 200, ...after } },
            }),
          ),
        MOST,
      ),
    select: (blocked) => blocked.find((one) => one.subject_id === subject) ?? null,
  });
