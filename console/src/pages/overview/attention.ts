import type { Schema } from "../../api/client.ts";
import { many } from "../../parts/words.ts";

/** Something that needs a person, with where to mend it. */
export type Task = { text: string; label: string; to: string };

/** What needs a person, most urgent first. */
export function attention(overview: Schema["Overview"], waiting: number): Task[] {
  const { applications, providers, resources, policy_sets, decisions_24h } = overview;
  const tasks: Task[] = [];
  const add = (when: boolean, text: string, label: string, to: string) =>
    when && tasks.push({ text, label, to });
  add(
    waiting > 0,
    `${many(waiting, "request waits", "requests wait")} for a person.`,
    "Decide",
    "/z/$zone/approvals",
  );
  add(
    policy_sets.enforcing === 0 && resources.total > 0,
    "No policy is in force, so every call is refused.",
    "Put one in force",
    "/z/$zone/policies",
  );
  add(
    applications.expired > 0,
    `${many(applications.expired, "application is", "applications are")} past the end.`,
    "Look",
    "/z/$zone/applications",
  );
  add(
    decisions_24h.denied > 0 && decisions_24h.allowed === 0,
    "Everything was refused in the last 24 hours.",
    "See why",
    "/z/$zone/audit",
  );
  add(
    applications.expiring_soon > 0,
    `${many(applications.expiring_soon, "application ends", "applications end")} within a week.`,
    "Look",
    "/z/$zone/applications",
  );
  add(
    resources.unenforced > 0,
    `${many(resources.unenforced, "resource lets", "resources let")} every operation through.`,
    "Declare operations",
    "/z/$zone/resources",
  );
  add(
    providers.total === 0 && applications.total > 0,
    "No provider holds a credential yet.",
    "Protect an API",
    "/z/$zone/protect",
  );
  return tasks;
}
