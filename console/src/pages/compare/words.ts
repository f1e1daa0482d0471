import type { Schema } from "../../api/client.ts";

/** What became of a policy, in a sentence. */
export function became({
  change,
  from,
  to,
}: Pick<Schema["PolicyMemberDiff"], "change" | "from" | "to">): string {
  switch (change) {
    case "added":
      return `is new, with version ${to?.version ?? "?"}`;
    case "removed":
      return `is gone; it had version ${from?.version ?? "?"}`;
    case "changed":
      return `goes from version ${from?.version ?? "?"} to ${to?.version ?? "?"}`;
  }
}

/** How much of a document differs, in a few words. */
export function amount({
  added_count: added,
  removed_count: removed,
}: Pick<Schema["DocumentDiff"], "added_count" | "removed_count">): string {
  const parts = [
    ...(added > 0 ? [`${added.toLocaleString()} new`] : []),
    ...(removed > 0 ? [`${removed.toLocaleString()} gone`] : []),
  ];
  return parts.join(", ");
}

/** What the combinations that could be given otherwise come to, in a sentence. */
export function access(diff: Schema["AccessDiff"]): string {
  const changed = diff.newly_denied + diff.newly_allowed + diff.newly_held + diff.held_otherwise;
  const looked = `${diff.compared.toLocaleString()} combinations of application, resource, label and scope`;
  const all = diff.complete ? "" : " There are more, which were not looked at.";
  return changed === 0
    ? `Of ${looked} none is decided otherwise.${all}`
    : `Of ${looked} ${changed.toLocaleString()} ${changed === 1 ? "is" : "are"} decided otherwise.${all}`;
}
