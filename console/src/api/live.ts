import { useEffect, useRef, useState } from "react";
import type { Schema } from "./client.ts";
import { follow, type Sent } from "./stream.ts";

/** How fresh what a page shows is. */
export type Freshness = "connecting" | "live" | "stale" | "paused";

/** Events that a page keeps at most. */
const KEPT = 200;

/**
 * The events of a zone as the ledger takes them, newest first. A stream that broke or hangs is asked for again behind the last
 * event there is; until then what is shown is stale, and says so.
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
    const show = () => {
      if (stopped.current || held.current.length === 0) return;
      const fresh = held.current.reverse();
      held.current = [];
      setEvents((before) => [...fresh, ...before].slice(0, KEPT));
    };
    const take = ({ event, data }: Sent) => {
      if (event !== "message") return;
      try {
        held.current.push(JSON.parse(data) as Schema["LedgerEvent"]);
        if (held.current.length > KEPT) held.current.shift();
      } catch {
        // Not an event of ours.
      }
    };
    const stop = new AbortController();
    void follow(`/api/control/v1/zones/${encodeURIComponent(zone)}/audit/tail?${asked}`, {
      onEvent: take,
      onFreshness: setFreshness,
      signal: stop.signal,
    });
    const timer = setInterval(show, 300);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [zone, asked]);
  return { events, freshness: paused ? "paused" : freshness };
}
