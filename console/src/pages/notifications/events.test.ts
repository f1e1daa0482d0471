import { describe, expect, it } from "vitest";
import { outcomeOf, stateOf, wordsOf } from "./events.ts";

describe("what sinks and deliveries say", () => {
  it("a type that nobody knows keeps its name", () => {
    expect(wordsOf("zone_frozen")).toBe("the zone was frozen");
    expect(wordsOf("sink_test")).toBe("a test");
    expect(wordsOf("moon_rises")).toBe("moon rises");
  });

  it("a paused sink is not called failing, nor an untried one working", () => {
    const sink = { active: true, consecutive_failures: 0, last_success_at: null };
    expect(stateOf(sink).words).toBe("not called yet");
    expect(stateOf({ ...sink, consecutive_failures: 1 }).words).toBe("failed once");
    expect(stateOf({ ...sink, consecutive_failures: 3 })).toEqual({
      meaning: "refused",
      words: "failed 3 times",
    });
    expect(stateOf({ ...sink, active: false, consecutive_failures: 3 }).words).toBe("paused");
    expect(stateOf({ ...sink, last_success_at: "2026-01-01T00:00:00Z" }).meaning).toBe("allowed");
  });

  it("a delivery waits until it got through or was given up", () => {
    const delivery = { delivered_at: null, abandoned_at: null, attempts: 0 };
    expect(outcomeOf(delivery).words).toBe("in line");
    expect(outcomeOf({ ...delivery, attempts: 2 }).meaning).toBe("waiting");
    expect(outcomeOf({ ...delivery, abandoned_at: "2026-01-01T00:00:00Z" }).meaning).toBe("refused");
    expect(outcomeOf({ ...delivery, delivered_at: "2026-01-01T00:00:00Z" }).meaning).toBe("allowed");
  });
});
