import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeZone } from "./people.ts";

test("from a denied call to its reason, to the change that allows it, to the call that passes", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Denied");
  const agent = await Agent.start(zone);
  const authority = await agent.authority("run:read", "run:write");
  const ask = () => agent.exchange({ scope: "run:write", ...authority });
  expect((await ask())["error"]).toBe("access_denied");

  await page.goto(`${at("web")}/z/${zone}/audit?decision=deny`);
  const detail = page.getByRole("dialog", { name: "What happened to this request" });
  await expect(async () => {
    await page.reload();
    // A click that came late has opened it, and its address keeps it open.
    await page.locator("td .cover, dialog[open]").first().waitFor({ timeout: 2_000 });
    if (!(await detail.isVisible())) await page.locator("td .cover").first().click({ timeout: 2_000 });
    await expect(detail).toBeVisible({ timeout: 2_000 });
  }).toPass();
  const change = detail.getByRole("region", { name: "What would allow it" });
  await expect(change).toContainText("Let the role r of resource://run hold run:write.");
  await page.screenshot({ path: "dist/e2e/denied-and-why.png" });
  await change.getByRole("button", { name: "Open as draft" }).press("Enter");

  // The change is made in the editor, is shown, and nothing of it is kept yet.
  await expect(page).toHaveURL(/policies\?draft=/);
  await expect(page.getByLabel("Policy", { exact: true })).toHaveValue(/"r": \["run:read", "run:write"\]/);
  const changes = page.getByLabel("Changes");
  await expect(changes.locator(".added")).toHaveCount(1);
  await expect(changes.locator(".added")).toContainText('["run:read", "run:write"]');
  expect((await ask())["error"]).toBe("access_denied");
  await page.screenshot({ path: "dist/e2e/draft.png" });
  await page.getByRole("button", { name: "Keep as a new version" }).press("Enter");
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByRole("button", { name: "Put in force…" }).click();
  await expect(page.getByLabel("Changes")).toContainText("run:write");
  await page.getByRole("button", { name: "Put it in force" }).click();
  await expect(versions.getByRole("row").nth(1)).toContainText("in force");

  let mandate = "";
  await expect(async () => {
    mandate = String((await ask())["access_token"] ?? "");
    expect(mandate).not.toBe("");
  }).toPass();
  expect(await agent.call(mandate, "POST")).toBe(200);
  // Whoever comes back to the draft is told that it is done.
  await page.reload();
  await expect(page.getByRole("dialog")).toContainText("The newest version grants already what was refused");
});
