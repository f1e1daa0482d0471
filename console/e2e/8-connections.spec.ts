import { expect, test } from "@playwright/test";
import { comes, peopleConnect } from "./identity.ts";
import { asOwner, at, makeZone } from "./people.ts";

test("an account is connected in the browser that began it, shown, and revoked", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Connections");
  await page.goto(`${at("web")}/z/${zone}/providers?new=1`);
  await page.getByLabel("Name", { exact: true }).fill("tickets of people");
  await page.getByLabel("What the upstream wants").selectOption("oauth2_authorization_code");
  await expect(page.getByLabel("Redirect URI")).toHaveValue(`${at("web")}/connections/callback`);
  for (const [label, value] of Object.entries(peopleConnect()))
    await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: "Seal it" }).click();
  await page.locator("td .cover").first().click();
  const panel = page.getByRole("dialog");
  await expect(panel.getByText("None. Calls that need one")).toBeVisible();

  await comes({ sub: "alice" });
  await panel.getByLabel("For whom").fill("alice");
  await panel.getByRole("button", { name: "Connect an account…" }).press("Enter");
  await page.waitForURL(new RegExp(`/z/${zone}/providers\\?open=`));
  await expect(page.locator(".badge", { hasText: "connected" })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain("state");

  // The address of somebody else's answer connects nothing.
  const callback = `${at("web")}/connections/callback?state=${"A".repeat(43)}&code=x`;
  await page.goto(callback);
  await expect(page.getByRole("alert")).toContainText("not begun in this tab");
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(callback);
  await expect(stranger.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
  await stranger.context().close();

  await page.goto(`${at("web")}/z/${zone}/providers`);
  await page.locator("td .cover").first().click();
  await page.getByRole("button", { name: "Revoke the account of alice" }).press("Enter");
  await page.getByRole("button", { name: "Revoke it" }).press("Enter");
  await expect(page.locator(".badge", { hasText: "revoked" })).toBeVisible();
});
