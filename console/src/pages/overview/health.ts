import type { RoleHealth, RoleName } from "../../api/roles.ts";
import { millis } from "../../parts/scale.ts";
import type { Meaning } from "../../parts/show.tsx";

export const NAMES: Readonly<Record<RoleName, string>> = {
  api: "Control API",
  sts: "STS",
  gateway: "Gateway",
  coordinator: "Coordinator",
  audit: "Audit",
};

/** Where the role web is told where a role is. */
const SETTING: Readonly<Record<RoleName, string>> = {
  api: "CARACAL_API_URL",
  sts: "CARACAL_STS_URL",
  gateway: "CARACAL_GATEWAY_URL",
  coordinator: "CARACAL_COORDINATOR_URL",
  audit: "CARACAL_AUDIT_URL",
};

/** How a role is, in a word and a sentence. */
export function standing(of: RoleHealth): { meaning: Meaning; word: string; more: string } {
  if (of.state === "untold")
    return { meaning: "plain", word: "not asked", more: `Set ${SETTING[of.role]} for the role web.` };
  if (of.state !== "said")
    return { meaning: "refused", word: "away", more: "It does not answer. Look at its log." };
  const { ready, reason, revocations } = of.said;
  if (!ready) return { meaning: "waiting", word: "not ready", more: (reason ?? "").replaceAll("_", " ") };
  if (!revocations) return { meaning: "allowed", word: "ready", more: "" };
  if (!revocations.fresh)
    return {
      meaning: "refused",
      word: "stale",
      more: "It does not hear what ended, and refuses everything.",
    };
  const { last_lag_ms: last, longest_lag_ms: longest } = revocations;
  const more =
    typeof last === "number" && typeof longest === "number"
      ? `Heard the last end after ${millis(last)}, the longest after ${millis(longest)}.`
      : "Nothing has ended yet.";
  return { meaning: "allowed", word: "ready", more };
}

/** How late the slowest of those that enforce heard of the last end; undefined where none heard of one. */
export function lag(of: readonly RoleHealth[]): number | undefined {
  const lags = of.flatMap((one) =>
    one.state === "said" && typeof one.said.revocations?.last_lag_ms === "number"
      ? [one.said.revocations.last_lag_ms]
      : [],
  );
  return lags.length > 0 ? Math.max(...lags) : undefined;
}
