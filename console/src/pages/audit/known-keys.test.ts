import { describe, expect, it } from "vitest";
import { believe, forgetKeys, knownKeys } from "./known-keys.ts";

function storage(text?: string) {
  const kept = new Map<string, string>();
  if (text !== undefined) kept.set("caracal-log-keys", text);
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
}

describe("known keys", () => {
  it("are those that were seen first, and others once somebody believes them", () => {
    const place = storage();
    expect(knownKeys(place)).toBeUndefined();
    believe(place, ["one"], new Date(0));
    const known = believe(place, ["two", "one"], new Date(1000));
    expect(known).toEqual({ keys: ["one", "two"], since: "1970-01-01T00:00:00.000Z" });
    expect(knownKeys(place)).toEqual(known);
    forgetKeys(place);
    expect(knownKeys(place)).toBeUndefined();
  });

  it("are none where something else is kept", () => {
    for (const text of ["", "{", "null", "[]", '{"keys":[]}', '{"keys":[1],"since":"x"}', '{"keys":["k"]}'])
      expect(knownKeys(storage(text)), text).toBeUndefined();
  });

  it("are believed in a browser that keeps nothing", () => {
    const full = {
      ...storage(),
      setItem: () => {
        throw new Error("full");
      },
    };
    expect(believe(full, ["one"], new Date(0)).keys).toEqual(["one"]);
  });
});
