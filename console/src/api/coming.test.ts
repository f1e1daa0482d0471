import { afterEach, expect, test, vi } from "vitest";
import { keepsComing } from "./coming.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A server that sends a piece every so often, `count` of them, and then ends or hangs. */
function sends(every: number, count: number, ends: boolean): void {
  vi.stubGlobal("fetch", (_: Request, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream({
      async start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        for (let sent = 0; sent < count; sent++) {
          await new Promise((resolve) => setTimeout(resolve, every));
          controller.enqueue(new Uint8Array([sent]));
        }
        if (ends) controller.close();
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-disposition": "attachment" } }));
  });
}

const asked = () => new Request("https://console.example/api/audit/logs/z/pack");

test("what keeps coming is had whole, however long that takes", async () => {
  vi.useFakeTimers();
  sends(50, 10, true);
  const answer = await keepsComing(asked(), 60);
  expect(answer.headers.get("content-disposition")).toBe("attachment");
  const whole = answer.arrayBuffer();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(new Uint8Array(await whole)).toEqual(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  // Nothing waits any more.
  expect(vi.getTimerCount()).toBe(0);
});

test("what stops in the middle is left, and is no file", async () => {
  vi.useFakeTimers();
  sends(50, 3, false);
  const answer = await keepsComing(asked(), 60);
  const whole = answer.arrayBuffer();
  const failed = expect(whole).rejects.toThrow("nothing more came");
  await vi.advanceTimersByTimeAsync(1_000);
  await failed;
});

test("what never begins is left as well", async () => {
  vi.useFakeTimers();
  vi.stubGlobal(
    "fetch",
    (_: Request, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const failed = expect(keepsComing(asked(), 60)).rejects.toThrow("nothing came");
  await vi.advanceTimersByTimeAsync(100);
  await failed;
});
