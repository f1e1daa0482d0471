import { expect, type Page, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeAccount, makeZone, somebody } from "./people.ts";

const ASK = `
risk contains {"scope": "run:write", "tier": "high"}

approval_tiers contains {"tier": "high", "approver": "operator", "ttl_seconds": 900}
`;

/** Chooses the rows of these names as somebody does who has no pointer. */
async function choose(page: Page, ...rows: readonly number[]): Promise<void> {
  await expect(page.locator("td .cover").first()).toBeVisible();
  await page.getByRole("main").focus();
  let at = -1;
  for (const row of rows) {
    for (; at < row; at++) await page.keyboard.press("j");
    await page.keyboard.press("x");
  }
}

test("a zone is named, held to fewer mandates and to fewer days of evidence, and let go again", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Set");
  const api = await admin();
  const itself = async () => await (await api.get(`/v1/zones/${zone}`)).json();
  const kept = async () => (await (await api.get(`/v1/zones/${zone}/audit-retention`)).json()).retention_days;
  const before = await kept();
  await page.goto(`${at("web")}/zones?open=${zone}`);
  const panel = page.getByRole("dialog", { name: "Settings of Set" });
  const limit = panel.getByLabel("Mandates a minute");
  const save = panel.getByRole("button", { name: "Save", exact: true });
  await expect(save).toHaveAttribute("aria-disabled", "true");
  await limit.fill("many");
  await expect(panel.getByText("This must be a whole number, or nothing.")).toBeVisible();
  // More than the deployment allows, and none at all, are refused where they are typed in.
  for (const wrong of ["999999999", "0"]) {
    await limit.fill(wrong);
    await save.click();
    await expect(panel.getByRole("alert")).toBeVisible();
  }
  await limit.fill("7");
  await panel.getByLabel("Name", { exact: true }).fill("Set anew");
  await save.click();
  await expect(page.getByRole("dialog").getByText("Saved.")).toBeVisible();
  expect(await itself()).toMatchObject({ name: "Set anew", mint_limit_per_minute: 7 });
  const named = page.getByRole("dialog", { name: "Settings of Set anew" });
  await named.getByLabel("Mandates a minute").fill("");
  await named.getByRole("button", { name: "Save", exact: true }).click();
  await expect(async () => expect((await itself()).mint_limit_per_minute ?? null).toBeNull()).toPass();

  const days = named.getByLabel("Days that its events are kept");
  await days.fill("30");
  await named.getByRole("button", { name: "Keep them so long" }).click();
  await expect(async () => expect(await kept()).toBe(30)).toPass();
  await expect(async () => {
    // Once the panel has heard what is kept by now, there is something to change.
    await days.fill("");
    await named.getByRole("button", { name: "Keep them so long" }).click({ timeout: 1_000 });
  }).toPass();
  await expect(async () => expect(await kept()).toBe(before)).toPass();
});

test("several applications are archived at once by the keyboard, and a role that may not is told so", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Several");
  const api = await admin();
  for (const name of ["first", "second", "third"])
    await api.post(`/v1/zones/${zone}/applications`, { data: { name, registration_method: "managed" } });
  await page.goto(`${at("web")}/z/${zone}/applications`);
  await choose(page, 0, 2);
  await expect(page.getByText("2 chosen")).toBeVisible();
  await page.screenshot({ path: "dist/e2e/several-chosen.png" });
  await page.getByRole("button", { name: "Archive 2 applications…" }).press("Enter");
  const sure = page.getByRole("button", { name: "Archive 2 applications", exact: true });
  await expect(sure).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByLabel("Type “archive 2” to go on")).toBeFocused();
  await page.keyboard.type("archive 2");
  await sure.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.locator("td .cover")).toHaveCount(1);

  await makeAccount("several@example.com", "auditor");
  const auditor = await somebody(browser, "several@example.com");
  await auditor.goto(`${at("web")}/z/${zone}/applications`);
  await choose(auditor, 0);
  const archive = auditor.getByRole("button", { name: "Archive 1 application…" });
  await expect(archive).toHaveAttribute("aria-disabled", "true");
  await expect(archive).toHaveAttribute("title", /auditor, does not let you/);
  await auditor.context().close();
});

test("several requests are rejected for one reason", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Several requests");
  const agent = await Agent.start(zone, { scopes: ["run:write"], more: ASK });
  for (let times = 0; times < 3; times++) {
    const held = await agent.exchange({ scope: "run:write", ...(await agent.authority("run:write")) });
    expect(held["approval_id"], JSON.stringify(held)).toBeTruthy();
  }
  await page.goto(`${at("web")}/z/${zone}/approvals`);
  await expect(page.getByRole("row")).toHaveCount(4);
  await page.getByRole("checkbox", { name: "Choose all 3" }).check();
  await page.getByRole("button", { name: "Reject 3 requests…" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("a run away agent");
  await page.getByRole("button", { name: "Reject 3 requests", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Nothing waits" })).toBeVisible();
  const { items } = await (await (await admin()).get(`/v1/zones/${zone}/approvals?state=rejected`)).json();
  expect(items.map((one: { decision_reason: string }) => one.decision_reason)).toEqual(
    Array(3).fill("a run away agent"),
  );
});
