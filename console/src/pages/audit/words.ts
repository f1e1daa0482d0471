import type { Schema } from "../../api/client.ts";

type Event = Pick<Schema["LedgerEvent"], "event_type" | "metadata_json" | "decision">;

const TYPES: Record<string, string> = {
  token_exchange: "Asked for a mandate",
  gateway_resource_request: "Called a resource",
  session_start: "Started a session",
  session_end: "Ended a session",
  session_suspend: "Paused a session",
  session_resume: "Resumed a session",
  delegation_create: "Handed authority on",
  delegation_revoke: "Took a delegation back",
  replay_detected: "Used a mandate twice",
  step_up_issued: "Waits for an approval",
  step_up_decided: "An approval was decided",
  step_up_consumed: "Used an approval",
};

/** What happened, in a few words. */
export function happened(event: Event): string {
  return TYPES[event.event_type] ?? event.event_type.replaceAll("_", " ");
}

function known(event: Event, ...names: string[]): string | undefined {
  const metadata = event.metadata_json;
  if (metadata === null || typeof metadata !== "object") return undefined;
  for (const name of names) {
    const value = (metadata as Record<string, unknown>)[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** What it was about: the operation, or else the resource. */
export function about(event: Event): string {
  const method = known(event, "method", "http_method");
  const path = known(event, "path", "http_path");
  if (method && path) return `${method} ${path}`;
  const thing =
    known(event, "resource", "resource_id", "requested_resource", "agent_session_id", "delegation_edge_id") ??
    "";
  return /^[0-9a-f-]{36}$/.test(thing) ? `${thing.slice(0, 8)}…${thing.slice(-6)}` : thing;
}

/** Why it was refused, in one word of ours. */
export function reason(
  event: Event & { diagnostics_json?: unknown; evaluation_status?: string },
): string | undefined {
  if (event.decision !== "deny") return undefined;
  const [first] = Array.isArray(event.diagnostics_json) ? event.diagnostics_json : [];
  const diagnosed = (first as { reason?: unknown } | undefined)?.reason;
  const said =
    known(event, "reason", "deny_reason") ?? (typeof diagnosed === "string" ? diagnosed : undefined);
  if (said) return said;
  return event.evaluation_status === "complete" ? "policy_denied" : event.evaluation_status;
}

/** Who acted. */
export function actor(event: Event): string | undefined {
  return known(event, "application_id", "client_id", "principal_id");
}

/** The session that it was done in. */
export function session(event: Event): string | undefined {
  return known(event, "agent_session_id");
}

/** The delegation that it was done under. */
export function delegation(event: Event): string | undefined {
  return known(event, "delegation_edge_id");
}
