import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkReceipt } from "./check.ts";

interface Vector {
  readonly what: string;
  readonly receipt: string;
  readonly trust: { readonly log: readonly string[]; readonly witnesses: readonly string[] };
  readonly holds: boolean;
}

const file = new URL("../../../../docs/ledger/vectors.json", import.meta.url);
const { receipts } = JSON.parse(readFileSync(file, "utf8")) as { receipts: readonly Vector[] };
const good = receipts.find((vector) => vector.holds);
if (!good) throw new Error("no vector holds");
const keys = [...good.trust.log, ...good.trust.witnesses].join("\n");

describe("a receipt", () => {
  it("is not believed without keys, with those of others, or when it is no receipt", () => {
    expect(checkReceipt(good.receipt, " \n# none\n")).toMatchObject({ holds: false });
    expect(checkReceipt(good.receipt, "witness.example+00000000+AAAA").holds).toBe(false);
    const others = good.trust.witnesses.join("\n");
    if (others !== "") expect(checkReceipt(good.receipt, others).holds).toBe(false);
    for (const text of ["", "\n\n", "hello", good.receipt.slice(0, 200), `x${good.receipt}`])
      expect(checkReceipt(text, keys).holds, text.slice(0, 20)).toBe(false);
  });

  it("does not hold once a character of it is another", () => {
    const extra = good.receipt.indexOf("extra ") + 20;
    const other = good.receipt[extra] === "A" ? "B" : "A";
    const changed = good.receipt.slice(0, extra) + other + good.receipt.slice(extra + 1);
    expect(checkReceipt(changed, keys).holds).toBe(false);
  });

  it("tells where it stands and who signed", () => {
    const found = checkReceipt(good.receipt, keys);
    expect(found).toMatchObject({ holds: true });
    if (!found.holds) return;
    expect(found.origin.endsWith(`/${found.entry.log}`)).toBe(true);
    expect(found.size > found.entry.index).toBe(true);
  });
});
