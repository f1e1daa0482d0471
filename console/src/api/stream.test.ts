import { afterEach, expect, test, vi } from "vitest";
import type { Freshness } from "./live.ts";
import { EventReader, follow, type Sent } from "./stream.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("events are read out of pieces, wherever these end", () => {
  const reader = new EventReader();
  expect(reader.take(": there\n\nid: 7\ndata: {")).toEqual([]);
  expect(reader.take('"a":1}\n')).toEqual([]);
  expect(reader.id).toBe("");
  expect(reader.take("\nevent: end\ndata: x\ndata: y\n\n")).toEqual([
    { id: "7", event: "message", data: '{"a":1}' },
    { id: "7", event: "end", data: "x\ny" },
  ]);
  expect(reader.take(": heartbeat\nid: 9\n\n")).toEqual([]);
  expect(reader.id).toBe("9");
  expect(() => reader.take("z".repeat(2 * 1024 * 1024))).toThrow("without end");
});

/** A server that sends these pieces and then says nothing more. */
const hangs = (pieces: readonly string[], signal: AbortSignal) =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    }),
  );

test("a stream that hangs is left, and asked for again behind what was seen", async () => {
  vi.useFakeTimers();
  const asked: Array<string | undefined> = [];
  vi.stubGlobal("fetch", (_: string, init: { headers: Record<string, string>; signal: AbortSignal }) => {
    asked.push(init.headers["last-event-id"]);
    return Promise.resolve(hangs([`id: ${asked.length}\ndata: {}\n\n`], init.signal));
  });
  const stop = new AbortController();
  const seen: Sent[] = [];
  const freshness: Freshness[] = [];
  const over = follow("/tail", {
    onEvent: (event) => seen.push(event),
    onFreshness: (fresh) => freshness.push(fresh),
    signal: stop.signal,
  });
  await vi.advanceTimersByTimeAsync(19_000);
  expect([asked.length, freshness]).toEqual([1, ["live"]]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(freshness).toEqual(["live", "stale"]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([asked, freshness]).toEqual([
    [undefined, "1"],
    ["live", "stale", "live"],
  ]);
  expect(seen.map(({ id }) => id)).toEqual(["1", "2"]);
  stop.abort();
  await over;
});

test("one that refuses is asked again later, and one that is away sooner", async () => {
  vi.useFakeTimers();
  const statuses = [503, 401, 200];
  let asked = 0;
  vi.stubGlobal("fetch", (_: string, init: { signal: AbortSignal }) => {
    const status = statuses[asked++] ?? 200;
    return Promise.resolve(status === 200 ? hangs([], init.signal) : new Response("", { status }));
  });
  const stop = new AbortController();
  const over = follow("/tail", { onEvent: () => {}, onFreshness: () => {}, signal: stop.signal });
  await vi.advanceTimersByTimeAsync(2_500);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(asked).toBe(3);
  stop.abort();
  await over;
});

test("a stream that breaks often leaves nothing behind at the signal that ends it", async () => {
  vi.useFakeTimers();
  let asked = 0;
  vi.stubGlobal("fetch", () => {
    asked += 1;
    return Promise.resolve(new Response("", { status: 503 }));
  });
  const stop = new AbortController();
  const [added, removed] = [
    vi.spyOn(stop.signal, "addEventListener"),
    vi.spyOn(stop.signal, "removeEventListener"),
  ];
  const over = follow("/tail", { onEvent: () => {}, onFreshness: () => {}, signal: stop.signal });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBeGreaterThan(20);
  // The one that waits at this moment.
  expect(added.mock.calls.length - removed.mock.calls.length).toBe(1);
  stop.abort();
  await over;
  expect(added.mock.calls.length).toBe(removed.mock.calls.length);
});
