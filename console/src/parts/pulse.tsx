import type { Freshness } from "../api/live.ts";

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
