import type { Schema } from "../../api/client.ts";

export type Activity = Schema["ZoneActivity"];
export type Slot = Schema["ActivitySlot"];

/** Over which time, and what each is called. */
export const HOURS = [
  ["1h", "1 hour"],
  ["6h", "6 hours"],
  ["24h", "24 hours"],
] as const;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The time at which a slot begins. */
export const time = (at: string): string => clock.format(new Date(at));

/** A slot as a span of time. */
export function slotName(slot: Slot, seconds: number): string {
  const end = new Date(new Date(slot.at).getTime() + seconds * 1_000);
  return `${clock.format(new Date(slot.at))} to ${clock.format(end)}`;
}

/** The slot as the explorer of evidence takes it. */
export function slotSearch(slot: Slot, seconds: number): { from: string; until: string } {
  const from = new Date(slot.at);
  return {
    from: from.toISOString(),
    until: new Date(from.getTime() + seconds * 1_000).toISOString(),
  };
}

/** The begin, the middle and the end of what is shown. */
export function ticks({ slots, until }: Pick<Activity, "slots" | "until">): string[] {
  const middle = slots[Math.floor(slots.length / 2)];
  return [slots[0], middle].flatMap((slot) => (slot ? [time(slot.at)] : [])).concat(`${time(until)} now`);
}

/** What is not told apart, as a row of its own where there is any. */
export function applications({
  applications,
  other_applications: others,
}: Pick<Activity, "applications" | "other_applications">): Array<{
  id: string | undefined;
  name: string;
  mandates: number;
  calls: number;
  denied: number;
}> {
  const rows = applications.map(({ application_id, name, mandates, calls, denied }) => ({
    id: application_id as string | undefined,
    name: name ?? application_id,
    mandates,
    calls,
    denied,
  }));
  if (others.mandates + others.calls + others.denied === 0) return rows;
  return [...rows, { id: undefined, name: "All others", ...others }];
}
