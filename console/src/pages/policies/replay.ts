import { control, read, type Schema } from "../../api/client.ts";

export type Replayed = Schema["Replayed"];
export type Group = Schema["ReplayGroup"];

/** Answers of one window added up: counts add, and groups that are alike are one. */
export function together(answers: ReadonlyArray<Replayed>): Replayed | undefined {
  return answers.reduce<Replayed | undefined>((sum, next) => {
    if (!sum) return next;
    const groups = new Map(sum.groups.map((group) => [keyOf(group), group]));
    for (const group of next.groups) {
      const known = groups.get(keyOf(group));
      groups.set(
        keyOf(group),
        known
          ? {
              ...known,
              decisions: known.decisions + group.decisions,
              request_ids: [...known.request_ids, ...group.request_ids].slice(0, 5),
            }
          : group,
      );
    }
    const reasons = new Map(sum.undecidable.map(({ reason, decisions }) => [reason, decisions]));
    for (const { reason, decisions } of next.undecidable)
      reasons.set(reason, (reasons.get(reason) ?? 0) + decisions);
    return {
      ...next,
      decisions: sum.decisions + next.decisions,
      unchanged: sum.unchanged + next.unchanged,
      newly_denied: sum.newly_denied + next.newly_denied,
      newly_allowed: sum.newly_allowed + next.newly_allowed,
      newly_held: sum.newly_held + next.newly_held,
      held_otherwise: sum.held_otherwise + next.held_otherwise,
      other_events: sum.other_events + next.other_events,
      ungrouped: sum.ungrouped + next.ungrouped,
      undecidable: [...reasons].map(([reason, decisions]) => ({ reason, decisions })),
      groups: [...groups.values()].sort((one, other) => other.decisions - one.decisions),
    };
  }, undefined);
}

const keyOf = (group: Group): string =>
  JSON.stringify([group.change, group.application_id, group.resource, group.scopes, group.reason]);

/** Makes the decisions of the last hours again with a version of a set, and tells after each part what there is so far. */
export async function replay(
  zone: string,
  set: string,
  version: string,
  hours: number,
  sofar: (answer: Replayed) => void,
  wanted: () => boolean,
): Promise<void> {
  const answers: Replayed[] = [];
  let cursor: string | undefined;
  do {
    const answer: Replayed = await read(
      control.POST("/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/replay", {
        params: { path: { zoneId: zone, id: set, versionId: version } },
        body: cursor ? { cursor } : { hours },
      }),
    );
    answers.push(answer);
    const sum = together(answers);
    if (sum) sofar(sum);
    cursor = answer.next_cursor ?? undefined;
  } while (cursor && wanted());
}
