import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeZone } from "./people.ts";

test("the kill switch stops a running agent while its tree is open", async ({ page }) => {
  const zone = await makeZone("Kill switch");
  const agent = await Agent.start(zone);
  const parent = await agent.session();
  await agent.session({ parent_id: parent, parent_authority: "none" });
  await asOwner(page);
  await page.goto(`${at("web")}/z/${zone}/sessions`);
  const tree = page.getByRole("list", { name: "Sessions" });
  await expect(tree.getByText("1 below")).toBeVisible();
  await tree.getByRole("button", { name: "runner" }).first().click();
  // What it will stop is said in numbers, and the address is one that can be handed on.
  await expect(page).toHaveURL(new RegExp(`open=${parent}`));
  await page.getByRole("button", { name: "End 2 sessions…" }).click();
  await page.getByRole("button", { name: "End 2 sessions", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Nothing runs now" })).toBeVisible();

  expect(await agent.runs()).toBe(true);
  await page.getByRole("link", { name: "Stop a subject…" }).click();
  await page.getByRole("button", { name: "runner", exact: true }).click();
  await page.getByRole("button", { name: "End everything it holds…" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "1 session that runs" })).toBeVisible();
  await page.getByRole("button", { name: "End everything it holds", exact: true }).click();
  await expect(page.getByRole("heading", { name: "It is stopped" })).toBeVisible();
  expect(await agent.runs()).toBe(false);
  await page.getByRole("button", { name: "Done" }).click();
  await page.goto(`${at("web")}/z/${zone}/sessions`);
  await page.getByRole("button", { name: "What has ended" }).click();
  await expect(page.getByRole("row")).toHaveCount(4);
});
