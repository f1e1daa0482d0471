import { expect, test } from "@playwright/test";
import { asOwner, at, makeZone } from "./people.ts";

test("filters are kept under a name for the account, found again and forgotten", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Kept filters");
  const audit = `${at("web")}/z/${zone}/audit`;
  await page.goto(`${audit}?decision=deny&since=24h`);
  await page.getByRole("button", { name: "Keep these filters…" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("<i>refused</i> today");
  await page.getByRole("button", { name: "Keep them" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await page.goto(audit);
  await page.getByLabel("Kept filters").selectOption("<i>refused</i> today");
  await expect(page).toHaveURL(/decision=deny/);
  await expect(page).toHaveURL(/since=24h/);
  await expect(page.getByLabel("Decision")).toHaveValue("deny");
  await page.getByLabel("Time").selectOption("1h");
  await expect(page.getByRole("button", { name: "Keep these filters…" })).toBeVisible();
  await page.getByLabel("Kept filters").selectOption("<i>refused</i> today");
  await page.getByRole("button", { name: "Forget" }).click();
  await expect(page.getByLabel("Kept filters")).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel("Kept filters")).toHaveCount(0);
});
