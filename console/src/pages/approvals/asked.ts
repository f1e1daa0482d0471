import type { Schema } from "../../api/client.ts";

type Approval = Pick<Schema["ApprovalItem"], "metadata_json" | "prior_approved" | "prior_rejected">;

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** What was asked for, as the hold recorded it. */
export function asked(approval: Approval): {
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

/** How the very same was decided before, in a sentence. */
export function history({ prior_approved, prior_rejected }: Approval): string {
  if (prior_rejected > 0) return `Rejected ${prior_rejected} times and approved ${prior_approved} times.`;
  if (prior_approved >= 5) return `Approved ${prior_approved} times: policy could grant it without asking.`;
  return prior_approved > 0 ? `Approved ${prior_approved} times.` : "The first of its kind.";
}
