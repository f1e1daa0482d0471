import type { Freshness } from "../api/live.ts";
import { useNow } from "./time.tsx";

const WORDS: Record<Freshness, string> = {
  connecting: "Connecting…",
  live: "Live",
  stale: "Not live: connecting again",
  paused: "Paused",
};

/** How fresh the page is. */
export function Pulse({ of }: { of: Freshness }) {
  return (
    <span role="status" className={of === "live" ? "pulse" : "pulse stale"}>
      {WORDS[of]}
    </span>
  );
}

/** What is known of something that is asked for again and again. */
export type Polled = { readonly dataUpdatedAt: number; readonly failureCount: number };

/** How late an answer may be. */
const LATE_MS = 2_000;

/** How fresh it is: stale once an answer failed, or none came when it was due. */
export function freshnessOf({ dataUpdatedAt, failureCount }: Polled, every: number, now: Date): Freshness {
  if (failureCount > 0 || now.getTime() - dataUpdatedAt > every + LATE_MS) return "stale";
  return "live";
}

/** How fresh what is asked for again every so many milliseconds is. */
export function PolledPulse({ of, every }: { of: Polled; every: number }) {
  const now = useNow(1_000);
  return <Pulse of={freshnessOf(of, every, now)} />;
}
