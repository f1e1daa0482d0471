import type { Schema } from "../../api/client.ts";
import { plainly } from "./plainly.ts";

type Approval = Schema["ApprovalItem"];

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** What was asked for, as the hold recorded it. */
export function asked(approval: Pick<Approval, "metadata_json">): {
  scopes: string[];
  resources: string[];
  labels: string[];
  session: string | undefined;
} {
  const said = approval.metadata_json as unknown as Record<string, unknown>;
  const session = said["agent_session_id"];
  return {
    scopes: texts(said["requested_scopes"]),
    resources: texts(said["resources"]),
    labels: texts(said["labels"]),
    session: typeof session === "string" && session !== "" ? session : undefined,
  };
}

/** The operation of a call, as it is declared and sent. */
export function operation({
  method,
  path,
  query,
  call,
}: Pick<Schema["HeldCall"], "method" | "path" | "query" | "call">): string {
  return plainly(call ?? `${method} ${path}${query ? `?${query}` : ""}`);
}

/** What it is for, in a line: the one call, or else the scopes of a mandate. */
export function purpose(approval: Pick<Approval, "metadata_json" | "call">): string {
  return approval.call ? operation(approval.call) : asked(approval).scopes.join(" ");
}

/** Where it stands; a yes that was taken back is a no of its own kind. */
export function standing(approval: Pick<Approval, "state" | "withdrawn_at">): string {
  return approval.withdrawn_at ? "withdrawn" : approval.state;
}

/** Whether whoever asked gave it up before anybody decided. */
export function givenUp(approval: Pick<Approval, "withdrawn_at" | "approver_subject_id">): boolean {
  return Boolean(approval.withdrawn_at) && approval.approver_subject_id === "asker";
}

/** How the very same was decided before, in a sentence. */
export function history({
  prior_approved,
  prior_rejected,
}: Pick<Approval, "prior_approved" | "prior_rejected">): string {
  if (prior_rejected > 0) return `Rejected ${prior_rejected} times and approved ${prior_approved} times.`;
  if (prior_approved >= 5) return `Approved ${prior_approved} times: policy could grant it without asking.`;
  return prior_approved > 0 ? `Approved ${prior_approved} times.` : "The first of its kind.";
}
