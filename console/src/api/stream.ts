import type { Freshness } from "./live.ts";

/** An event as a server sent it. */
export type Sent = { readonly id: string; readonly event: string; readonly data: string };

/** Characters of an event that has not ended yet. */
const LONGEST = 1024 * 1024;

/** Reads server-sent events out of what comes, piece by piece (WHATWG HTML §9.2.6). */
export class EventReader {
  private rest = "";
  /** Where the stream is, which events that say nothing more tell as well. */
  id = "";

  /** The events that a piece completes. */
  take(piece: string): Sent[] {
    const text = this.rest + piece;
    // Half of a line end is no line end yet.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const blocks = whole.replace(/\r\n?/g, "\n").split("\n\n");
    this.rest = (blocks.pop() ?? "") + text.slice(whole.length);
    if (this.rest.length > LONGEST) throw new Error("an event without end");
    return blocks.flatMap((block) => {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, name, value = ""] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
        if (name === "data") data.push(value);
        else if (name === "event") event = value;
        else if (name === "id") this.id = value;
      }
      return data.length > 0 ? [{ id: this.id, event, data: data.join("\n") }] : [];
    });
  }
}

/** A server says every 15 seconds that it is there. One that says nothing for longer is not, whatever its connection says. */
const SILENT_MS = 20_000;
/** Until it is asked again. */
const AGAIN_MS = 2_000;
/** Until one that refused is. */
const REFUSED_MS = 15_000;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(over, ms);
    // A stream that breaks for days waits thousands of times for one signal: none of them may stay with it.
    signal.addEventListener("abort", over);
    function over(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    }
  });

/**
 * Follows a stream until the signal, behind the last event that was seen however often it breaks. A stream that hangs is left and
 * asked for again, which one that is only quiet does not need.
 */
export async function follow(
  url: string,
  {
    onEvent,
    onFreshness,
    signal,
  }: { onEvent: (event: Sent) => void; onFreshness: (freshness: Freshness) => void; signal: AbortSignal },
): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    let wait = AGAIN_MS;
    const attempt = new AbortController();
    let timer = setTimeout(() => attempt.abort(), SILENT_MS);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => attempt.abort(), SILENT_MS);
    };
    try {
      const answer = await fetch(url, {
        headers: { accept: "text/event-stream", ...(last ? { "last-event-id": last } : {}) },
        signal: AbortSignal.any([signal, attempt.signal]),
      });
      if (!answer.ok || !answer.body) {
        if (answer.status < 500) wait = REFUSED_MS;
        throw new Error(`the stream is refused with ${answer.status}`);
      }
      onFreshness("live");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = new EventReader();
      for (;;) {
        heard();
        const { done, value } = await reader.read();
        if (done) break;
        const sent = events.take(value);
        if (events.id !== "") last = events.id;
        for (const event of sent) onEvent(event);
      }
    } catch {
      // Asked for again below, whatever broke.
    }
    clearTimeout(timer);
    if (signal.aborted) return;
    onFreshness("stale");
    await pause(wait, signal);
  }
}
