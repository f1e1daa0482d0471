import { expect, test } from "vitest";
import { mended } from "./mends.ts";

const said = (ready: boolean, reason?: "postgres_unreachable") =>
  ({ role: "sts", state: "said", said: { ok: ready, ready, ...(reason ? { reason } : {}) } }) as const;

test("whoever is not ready says why, and the page what mends it", () => {
  expect(mended(said(true))).toEqual({ ok: true, said: "ready" });
  const away = mended(said(false, "postgres_unreachable"));
  expect(away).toMatchObject({ ok: false, said: "not ready: postgres unreachable" });
  expect(away.mend).toContain("DATABASE_URL");
  expect(mended({ role: "gateway", state: "away" }).ok).toBe(false);
  // Whose place nobody told is not away.
  expect(mended({ role: "gateway", state: "untold" })).toMatchObject({ ok: true });
});
