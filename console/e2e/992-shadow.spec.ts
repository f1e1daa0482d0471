import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

test("a candidate is decided beside what is in force, compared with it, and stopped", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Shadow");
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"] });
  const authority = await agent.authority("run:read", "run:write");
  const ask = async () => String((await agent.exchange({ scope: "run:write", ...authority }))["error"] ?? "");
  expect(await ask()).toBe("");
  const api = await admin();
  const stored = await (await api.get(`/v1/zones/${zone}/policies/${agent.policy}`)).json();
  const content = String(stored.versions[0].content).replace('"run:read", "run:write"', '"run:read"');
  const kept = await api.post(`/v1/zones/${zone}/policies/${agent.policy}/versions`, { data: { content } });
  expect(kept.ok(), await kept.text()).toBe(true);

  await page.goto(`${at("web")}/z/${zone}/policies?open=${agent.policy}`);
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByRole("button", { name: "Put in force…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Put version 2 in force" });
  await dialog.getByLabel("Nobody: decide it beside what is in force").check();
  await dialog.getByLabel("For how long").selectOption("168");
  await dialog.getByRole("button", { name: "Decide it beside for a week" }).press("Enter");
  await expect(dialog).toHaveCount(0);

  await page.goto(`${at("web")}/z/${zone}/policies`);
  const shadow = page.getByRole("region", { name: /^Shadow: version 2 is decided beside/ });
  await expect(shadow).toContainText("decided nothing otherwise yet");
  // It would refuse, and nobody is refused.
  await expect(async () => {
    expect(await ask()).toBe("");
    await expect(shadow.getByText("Would be refused").locator("..")).not.toContainText("0", {
      timeout: 1_000,
    });
  }).toPass();
  const difference = shadow.getByRole("row").filter({ hasText: "run:write" });
  await expect(difference).toContainText("refused");
  await expect(difference).toContainText("runner");
  await page.screenshot({ path: "dist/e2e/shadow-running.png", fullPage: true });

  // Only one candidate is tried at a time, and the page says so.
  const history = page.getByRole("region", { name: /^History of/ });
  await expect(history.getByRole("row").nth(1)).toContainText("shadow");
  await history.getByRole("button", { name: "Roll back to it…" }).press("Enter");
  await expect(page.getByRole("dialog")).toContainText("A shadow runs already");
  await page.keyboard.press("Escape");

  await history.getByRole("link", { name: "Compare" }).click();
  await expect(page.getByRole("heading", { name: "Compare versions" })).toBeVisible();
  const policies = page.getByRole("region", { name: "Which policies differ?" });
  await expect(policies).toContainText("goes from version 1 to 2");
  await expect(policies.getByLabel("Changes")).toContainText('+ grants := {"resource://run"');
  await expect(page.getByRole("region", { name: "What do they state otherwise?" })).toContainText("grants");
  const access = page.getByRole("region", { name: "Who could be given what otherwise?" });
  await expect(access.getByRole("row").filter({ hasText: "run:write" })).toContainText("refused");
  await page.getByRole("button", { name: "Decide it again" }).click();
  await expect(page.getByRole("status").filter({ hasText: "would change" })).toBeVisible();
  await page.screenshot({ path: "dist/e2e/compare.png", fullPage: true });
  await page.getByLabel("From").selectOption({ label: "Version 2" });
  await expect(page.getByText("This is one and the same version.")).toBeVisible();

  await page.goto(`${at("web")}/z/${zone}/policies`);
  await shadow.getByRole("button", { name: "Stop it…" }).press("Enter");
  await page.getByRole("button", { name: "Stop it", exact: true }).press("Enter");
  await expect(shadow).toHaveCount(0);
  expect(await ask()).toBe("");
});
