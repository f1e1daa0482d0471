import type { Schema } from "../../api/client.ts";

export type EventType = Schema["NotificationType"];

/** What a sink can be told, in the words of the console. */
export const EVENTS: ReadonlyArray<readonly [type: EventType, words: string]> = [
  ["step_up_issued", "a request waits for a person"],
  ["step_up_decided", "somebody decided"],
  ["step_up_consumed", "an approved request was carried out"],
  ["step_up_expired", "nobody decided in time"],
  ["zone_frozen", "the zone was frozen"],
  ["zone_thawed", "the zone goes on"],
  ["subject_revoked", "everything of a subject was ended"],
  ["grant_revoked", "what a person had agreed to was taken back"],
  ["application_archived", "an application was archived"],
  ["workload_deleted", "a workload was deleted"],
  ["connection_revoked", "a connected account was revoked"],
  ["policy_activated", "another policy is in force"],
  ["policy_canary_returned", "a canary of a policy was taken back"],
];

/** The words for a type; one that a newer service sends keeps its name. */
export function wordsOf(type: string): string {
  if (type === "sink_test") return "a test";
  return EVENTS.find(([known]) => known === type)?.[1] ?? type.replaceAll("_", " ");
}

type State = { readonly meaning: "allowed" | "refused" | "waiting" | "plain"; readonly words: string };

/** How a sink is. */
export function stateOf(
  sink: Pick<Schema["SinkItem"], "active" | "consecutive_failures" | "last_success_at">,
): State {
  if (!sink.active) return { meaning: "plain", words: "paused" };
  if (sink.consecutive_failures > 0) {
    const times = sink.consecutive_failures;
    return { meaning: "refused", words: times === 1 ? "failed once" : `failed ${times} times` };
  }
  return sink.last_success_at
    ? { meaning: "allowed", words: "works" }
    : { meaning: "waiting", words: "not called yet" };
}

/** How a delivery went. */
export function outcomeOf(
  delivery: Pick<Schema["DeliveryItem"], "delivered_at" | "abandoned_at" | "attempts">,
): State {
  if (delivery.delivered_at) return { meaning: "allowed", words: "delivered" };
  if (delivery.abandoned_at) return { meaning: "refused", words: "given up" };
  return { meaning: "waiting", words: delivery.attempts === 0 ? "in line" : "tried again soon" };
}
