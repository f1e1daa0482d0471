/** A connection that somebody in this tab began. Nothing secret: whoever has the state still has to be whoever began. */
export type Attempt = { zone: string; provider: string; state: string };

const KEPT = "caracal-connection";

/** Keeps it until the person comes back to this tab. */
export function keepAttempt(attempt: Attempt): void {
  sessionStorage.setItem(KEPT, JSON.stringify(attempt));
}

/** What was begun in this tab, once, if `state` is of it. */
export function takeAttempt(state: string): Attempt | undefined {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  return kept === null ? undefined : attemptOf(kept, state);
}

/** Reads what was kept; nothing where it is of another state. */
export function attemptOf(kept: string, state: string): Attempt | undefined {
  try {
    const read = JSON.parse(kept) as Record<string, unknown> | null;
    const { zone, provider, state: own } = read ?? {};
    const whole = typeof zone === "string" && typeof provider === "string" && own === state;
    return whole ? { zone, provider, state } : undefined;
  } catch {
    return undefined;
  }
}
