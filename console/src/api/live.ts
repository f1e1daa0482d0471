import { useEffect, useRef, useState } from "react";
import type { Schema } from "./client.ts";

/** How fresh what a page shows is. */
export type Freshness = "connecting" | "live" | "stale" | "paused";

/** Events that a page keeps at most. */
const KEPT = 200;

/**
 * The events of a zone as the ledger takes them, newest first. The browser connects again by itself and goes on behind the
 * last event it has; until then what is shown is stale, and says so.
 */
export function useTail(
  zone: string,
  query: Readonly<Record<string, string>>,
  paused: boolean,
): { events: ReadonlyArray<Schema["LedgerEvent"]>; freshness: Freshness } {
  const [events, setEvents] = useState<ReadonlyArray<Schema["LedgerEvent"]>>([]);
  const [freshness, setFreshness] = useState<Freshness>("connecting");
  const asked = new URLSearchParams(query).toString();
  const held = useRef<Schema["LedgerEvent"][]>([]);
  const stopped = useRef(paused);
  stopped.current = paused;

  useEffect(() => {
    setEvents([]);
    setFreshness("connecting");
    held.current = [];
    const source = new EventSource(`/api/control/v1/zones/${encodeURIComponent(zone)}/audit/tail?${asked}`);
    const show = () => {
      if (stopped.current || held.current.length === 0) return;
      const fresh = held.current.reverse();
      held.current = [];
      setEvents((before) => [...fresh, ...before].slice(0, KEPT));
    };
    const take = (message: MessageEvent<string>) => {
      try {
        held.current.push(JSON.parse(message.data) as Schema["LedgerEvent"]);
        if (held.current.length > KEPT) held.current.shift();
      } catch {
        // Not an event of ours.
      }
    };
    source.onopen = () => setFreshness("live");
    source.onerror = () => setFreshness("stale");
    source.onmessage = take;
    // It ended on purpose, as when a session ends; the browser asks again and is told why.
    source.addEventListener("end", () => setFreshness("stale"));
    const timer = setInterval(show, 300);
    return () => {
      source.close();
      clearInterval(timer);
    };
  }, [zone, asked]);
  return { events, freshness: paused ? "paused" : freshness };
}
