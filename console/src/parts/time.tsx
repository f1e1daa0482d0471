import { useEffect, useState } from "react";

const STEPS: ReadonlyArray<[limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number]> = [
  [60, "second", 1],
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [2_592_000, "day", 86_400],
  [31_536_000, "month", 2_592_000],
  [Number.POSITIVE_INFINITY, "year", 31_536_000],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** How long ago or ahead, in words. */
export function ago(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit) ?? ["", "year", 31_536_000];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** The time, moving on. */
export function useNow(every = 10_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A span, in the largest unit that it is a whole number of. */
export function span(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? ["second", 1];
  const words = new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay: "long" });
  return words.format(seconds / size);
}

/** An instant in the reader's zone, relative, with UTC on hover. */
export function Time({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <span className="quiet">never</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={`${exact.format(date)} (${date.toISOString()})`} className="number">
      {ago(date, now)}
    </time>
  );
}

/** An instant in the reader's zone, to the second. */
export function ExactTime({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at} className="number">
      {exact.format(new Date(at))}
    </time>
  );
}
