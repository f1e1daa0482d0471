import { expect, type Locator, type Page, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeAccount, makeZone, somebody } from "./people.ts";

/** The marks that say this word, behind their sign. */
const badges = (place: Page | Locator, word: string): Locator =>
  place.locator(".badge").filter({ hasText: new RegExp(`^\\W*${word}$`) });

const RECEIPTS = "**/api/audit/logs/*/receipts?*";

/** A request that was allowed, opened where its events are shown. */
async function opened(page: Page, zone: string): Promise<void> {
  await page.goto(`${at("web")}/z/${zone}/audit?decision=allow`);
  await expect(async () => {
    await page.reload();
    await page.locator("td .cover").first().click({ timeout: 2_000 });
  }).toPass();
  await expect(page.getByRole("dialog", { name: "What happened to this request" })).toBeVisible();
}

test("one press proves in the browser what is shown, and what was tampered with is found", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Proved");
  const other = await makeZone("Elsewhere");
  for (const one of [zone, other]) {
    const agent = await Agent.start(one);
    const granted = await agent.exchange({ scope: "run:read", ...(await agent.authority("run:read")) });
    expect(await agent.call(String(granted["access_token"]))).toBe(200);
  }
  // Somebody who may look at evidence, in this zone alone.
  await makeAccount("prover@example.com", "auditor", [zone]);
  const prover = await somebody(browser, "prover@example.com");
  await opened(prover, zone);
  const detail = prover.getByRole("dialog");
  const proof = detail.getByRole("region", { name: "Proof" });
  const check = proof.getByRole("button", { name: /Check/ });
  await expect(detail.locator(".trace > li")).not.toHaveCount(0);
  const count = await detail.locator(".trace > li").count();
  await expect(async () => {
    await check.press("Enter");
    await expect(proof.getByRole("status")).toContainText(`${count} of ${count} events are proved`, {
      timeout: 3_000,
    });
  }).toPass();
  await expect(proof).toContainText("with keys that this browser");
  const facts = detail.getByRole("region", { name: "What its receipt proves" }).first();
  await expect(facts).toContainText(`/ledger/${zone}`);
  await expect(badges(detail, "proved")).toHaveCount(count);
  await prover.screenshot({ path: "dist/e2e/proved.png" });

  // A byte of what came over the wire is another one.
  await prover.route(RECEIPTS, async (route) => {
    const answer = await route.fetch();
    const told = await answer.json();
    for (const one of told.receipts) {
      const place = one.receipt.indexOf("extra ") + 100;
      const changed = one.receipt[place] === "A" ? "B" : "A";
      one.receipt = one.receipt.slice(0, place) + changed + one.receipt.slice(place + 1);
    }
    await route.fulfill({ response: answer, json: told });
  });
  await check.click();
  await expect(proof.getByRole("alert")).toContainText(`${count} of ${count} events are not in the ledger`);
  await expect(badges(detail, "not proved")).toHaveCount(count);
  await prover.unroute(RECEIPTS);

  // What is shown is not what the ledger has.
  const shown = "**/audit/by-request/*/explain";
  await prover.route(shown, async (route) => {
    const answer = await route.fetch();
    const told = await answer.json();
    told.events[0].decision = told.events[0].decision === "deny" ? "allow" : "deny";
    await route.fulfill({ response: answer, json: told });
  });
  await prover.reload();
  await check.click();
  await expect(proof.getByRole("alert")).toContainText(`1 of ${count} events are not in the ledger`);
  await expect(badges(detail, "not as shown")).toHaveCount(1);
  await expect(detail).toContainText("The ledger has this event otherwise than it is shown: decision.");
  await prover.unroute(shown);

  // The receipt of another zone's event, however good it is.
  const elsewhere = await page.evaluate(async (zone) => {
    const listed = await (await fetch(`/api/control/v1/zones/${zone}/audit?limit=1`)).json();
    const request = listed.items[0].request_id;
    return await (await fetch(`/api/audit/logs/${zone}/receipts?request_id=${request}`)).json();
  }, other);
  await prover.route(RECEIPTS, async (route) => {
    const answer = await route.fetch();
    const told = await answer.json();
    for (const one of told.receipts) one.receipt = elsewhere.receipts[0].receipt;
    await route.fulfill({ response: answer, json: told });
  });
  await prover.reload();
  await check.click();
  await expect(detail).toContainText(`It is of another log, ledger/${other}.`);
  await prover.unroute(RECEIPTS);

  // Which this account does not get at all, whatever a page asks for; nor the pack with everything in it.
  const refused = await prover.evaluate(async (zone) => {
    const answers = [];
    for (const path of ["receipts?request_id=x", "pack?session_id=x"]) {
      const answer = await fetch(`/api/audit/logs/${zone}/${path}`);
      answers.push([answer.status, (await answer.json()).error]);
    }
    return answers;
  }, other);
  expect(refused).toEqual([
    [403, "zone_forbidden"],
    [403, "zone_forbidden"],
  ]);
  const operators = await prover.evaluate(async (zone) => {
    const statuses = [];
    for (const path of [`search?zone_id=${zone}`, "dlq", `tail?zone_id=${zone}`])
      statuses.push((await fetch(`/api/audit/${path}`)).status);
    return statuses;
  }, zone);
  expect(operators).toEqual([401, 401, 401]);
});

test("a key that the browser does not know is believed by a person or by nobody", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Keys");
  const agent = await Agent.start(zone);
  await agent.exchange({ scope: "run:read", ...(await agent.authority("run:read")) });
  await page.evaluate(() =>
    localStorage.setItem(
      "caracal-log-keys",
      JSON.stringify({
        keys: ["caracal.example/ledger/z-1+6d1e50e5+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"],
        since: "2026-01-01T00:00:00.000Z",
      }),
    ),
  );
  await opened(page, zone);
  const proof = page.getByRole("region", { name: "Proof" });
  await expect(async () => {
    await proof.getByRole("button", { name: /Check/ }).click();
    await expect(badges(page, "unknown key").first()).toBeVisible({ timeout: 3_000 });
  }).toPass();
  await expect(proof.getByRole("alert")).toContainText("a key that this browser does not know");
  await page.screenshot({ path: "dist/e2e/proof-unknown-key.png" });
  await proof.getByRole("button", { name: "Believe these keys" }).press("Enter");
  await expect(proof.getByRole("alert")).toHaveCount(0);
  await expect(badges(page, "proved").first()).toBeVisible();
});
