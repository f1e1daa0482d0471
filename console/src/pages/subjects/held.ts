import type { Schema } from "../../api/client.ts";
import { many } from "../../parts/words.ts";

type Overview = Schema["SubjectOverview"];

/** What kind of subject it is, in a word or two. */
export function kindOf(subject: Pick<Schema["SubjectItem"], "application_name" | "federated">): string {
  if (subject.application_name) return "application";
  return subject.federated ? "person" : "person or former application";
}

/** What of a subject ends when it is stopped, as numbers; nothing of it where it holds nothing. */
export function held({ subject, governed, approvals, connections }: Overview): readonly string[] {
  const live = connections.filter((one) => one.status === "active").length;
  return (
    [
      [subject.active_sessions, "authority record", "authority records"],
      [governed.active, "session that runs", "sessions that run"],
      [live, "connected account", "connected accounts"],
      [approvals.pending, "request that waits for a person", "requests that wait for a person"],
    ] as const
  ).flatMap(([count, one, more]) => (count > 0 ? [many(count, one, more)] : []));
}
