import type { Schema } from "../../../api/client.ts";
import type { Canary } from "./queries.ts";

/** The rules of a canary as they are typed. */
export type Typed = {
  readonly share: string;
  readonly enough: string;
  readonly newlyDenied: string;
  readonly denied: string;
};

/** What the service takes where nobody says anything, for a tenth of the applications. */
export const USUAL: Typed = { share: "10", enough: "100", newlyDenied: "5", denied: "100" };

/** Each with its bounds, as the service has them. */
const BOUNDS = {
  share: [1, 100],
  enough: [1, 1_000_000],
  newlyDenied: [0, 100],
  denied: [0, 100],
} as const;

/** What is wrong with one of them. */
export function wrong(typed: Typed, name: keyof Typed): string | undefined {
  const [from, to] = BOUNDS[name];
  const value = Number(typed[name]);
  const fine = /^\d+$/.test(typed[name].trim()) && value >= from && value <= to;
  return fine ? undefined : `A whole number from ${from} to ${to.toLocaleString()} is needed.`;
}

/** Why they cannot be taken as they are. */
export function unusable(typed: Typed): string | undefined {
  const names = Object.keys(BOUNDS) as (keyof Typed)[];
  return names.some((name) => wrong(typed, name)) ? "Correct the numbers first." : undefined;
}

/** As the service takes them. */
export const rulesOf = (typed: Typed): Schema["CanaryRules"] => ({
  share_percent: Number(typed.share),
  min_decisions: Number(typed.enough),
  max_newly_denied_percent: Number(typed.newlyDenied),
  max_denied_percent: Number(typed.denied),
});

/** Those of a canary, to be changed. */
export const typedOf = (canary: Canary): Typed => ({
  share: String(canary.share_percent),
  enough: String(canary.min_decisions),
  newlyDenied: String(canary.max_newly_denied_percent),
  denied: String(canary.max_denied_percent),
});

/** A part of a whole, of a hundred. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "none yet";
  return `${((100 * part) / whole).toLocaleString(undefined, { maximumFractionDigits: 1 })} %`;
}

const ENDS: Readonly<Record<Schema["CanaryOutcome"], string>> = {
  finished: "it was put in force for everybody",
  ended: "it was taken back",
  superseded: "another version was put in force, or its set was archived",
  too_many_denials: "it went back by itself, because it denied too much",
  unreadable: "it went back by itself, because a replica could not read it",
};

/** How it ended, as the end of a sentence; undefined while it runs. */
export function ending(canary: Canary): string | undefined {
  return canary.outcome ? ENDS[canary.outcome] : undefined;
}
