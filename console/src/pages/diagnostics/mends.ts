import type { WebSchema } from "../../api/client.ts";
import type { RoleHealth, RoleName } from "../../api/roles.ts";
import { NAMES, standing } from "../overview/health.ts";

/** What each role is there for. */
export const FOR: Readonly<Record<RoleName, string>> = {
  api: "Zones, applications, policy",
  sts: "Decides, and gives out mandates",
  gateway: "Lets allowed calls through",
  coordinator: "Sessions and delegations",
  audit: "Takes evidence, and proves it",
};

/** What to do where a role says that it is not ready. */
const MENDS: Readonly<Record<WebSchema["NotReady"], string>> = {
  draining: "It is shutting down, and another replica takes over. Where it is the only one, start it again.",
  timeout: "Something that it needs hangs. Its log says what; look at the database and at Redis first.",
  postgres_unreachable: "Is PostgreSQL up, and does DATABASE_URL of the role say where?",
  schema_mismatch: "Run `caracald migrate` of the version that is being rolled out.",
  redis_unreachable: "Is Redis up, and does REDIS_URL of the role say where?",
  misconfigured: "The log of the role names the setting. Waiting does not help.",
  revocation_snapshot_stale:
    "It cannot read what ended, and refuses everything until it can. Look at its database.",
  audit_replay_unavailable:
    "Its disk for evidence is full or gone: nothing is decided that cannot be proved.",
  bootstrap_pending: "It stores the admin token as soon as the database answers.",
  sts_unreachable: "Is the STS up, and does STS_URL of the Gateway say where?",
  api_unreachable: "Is the Control API up, and does CARACAL_API_URL of the role web say where?",
  consumer_unhealthy: "It does not read events. Look at Redis, and at its log.",
  storage_unreachable: "It cannot store evidence. Look at its database; what waits is kept meanwhile.",
  zone_keys_unreachable: "The token of its zone keys does not answer. Look at it, and at the log of the STS.",
};

/** How a role is, and what mends it. */
export function mended(of: RoleHealth): { ok: boolean; said: string; mend?: string } {
  const { meaning, word, more } = standing(of);
  const reason = of.state === "said" ? of.said.reason : undefined;
  if (meaning === "allowed") return { ok: true, said: [word, more].filter(Boolean).join(". ") };
  if (reason) return { ok: false, said: `${word}: ${more}`, mend: MENDS[reason] };
  const ok = of.state === "untold";
  return { ok, said: `${NAMES[of.role]}: ${word}`, mend: more };
}
