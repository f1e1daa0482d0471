import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../api/client.ts";
import { checkReceipt } from "../receipts/check.ts";
import { altered, proveAll, same } from "./proof.ts";

interface Vector {
  readonly receipt: string;
  readonly trust: { readonly log: readonly string[]; readonly witnesses: readonly string[] };
  readonly holds: boolean;
}

const file = new URL("../../../../docs/ledger/vectors.json", import.meta.url);
const { receipts } = JSON.parse(readFileSync(file, "utf8")) as { receipts: readonly Vector[] };
const good = receipts.find((vector) => vector.holds);
if (!good) throw new Error("no vector holds");
const found = checkReceipt(good.receipt, good.trust.log.join("\n"));
if (!found.holds) throw new Error("the vector does not hold");
const zone = found.entry.log.replace("ledger/", "");

describe("what is shown", () => {
  it("is the same with nothing for null, in another order, and where something is hidden", () => {
    expect(same({ a: 1, b: [{ c: null }] }, { b: [{}], a: 1 })).toBe(true);
    expect(same({ token: "[redacted]" }, { token: "x" })).toBe(true);
    expect(same("[redacted]", undefined)).toBe(true);
  });

  it("is not the same with one thing more, less or otherwise", () => {
    for (const [shown, kept] of [
      [{ a: 1 }, { a: 1, b: 0 }],
      [{ a: 1, b: 0 }, { a: 1 }],
      [{ a: "1" }, { a: 1 }],
      [[1, 2], [1]],
      [[], {}],
      [null, 0],
      [{}, null],
      ["deny", "allow"],
    ])
      expect(same(shown, kept), JSON.stringify([shown, kept])).toBe(false);
  });

  it("names each member that the ledger has otherwise", () => {
    const kept = {
      id: "1",
      decision: "deny",
      metadata_json: { a: 1 },
      occurred_at: "2026-01-01T00:00:00.000001Z",
    };
    const event = { ...kept, decision: "allow", metadata_json: { a: 2 } } as unknown as Schema["LedgerEvent"];
    expect(altered(event, JSON.stringify(kept))).toEqual(["decision", "metadata_json"]);
    expect(altered(event, "no json at all")).toContain("id");
  });
});

describe("a receipt", () => {
  const event = { id: "e", zone_id: zone, occurred_at: "x" } as unknown as Schema["LedgerEvent"];
  const receipt = { event_id: "e", event_type: "x", index: 0, receipt: good.receipt };
  const kind = (known: readonly string[], offered: readonly string[], one = event, of = receipt) =>
    proveAll([one], [of], known, offered).get("e")?.kind;

  it("of another event, another zone or under no known key proves nothing", () => {
    const { log } = good.trust;
    // The entry of the vector is no such event.
    expect(kind(log, [])).toBe("altered");
    expect(kind(log, [], { ...event, zone_id: "elsewhere" })).toBe("wrong");
    expect(kind([], [])).toBe("wrong");
    expect(kind(log, [], event, { ...receipt, event_id: "other" })).toBe("missing");
    const changed = good.receipt.replace(/extra (.)/, (_, first) => `extra ${first === "A" ? "B" : "A"}`);
    expect(kind(log, log, event, { ...receipt, receipt: changed })).toBe("wrong");
  });
});
