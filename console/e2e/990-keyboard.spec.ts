import { expect, type Locator, type Page, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeZone } from "./people.ts";

/** Goes to something as somebody does who has no pointer, and sees where they are on the way. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let times = 0; times < 80; times++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      const outlined = await target.evaluate((element) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const around = getComputedStyle(element.closest(".editor") ?? element);
        return [outlineStyle !== "none" && outlineWidth !== "0px", around.outlineStyle !== "none"];
      });
      expect(outlined, `it is seen where ${target} has the focus`).toContain(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`${target} cannot be reached by the keyboard`);
}

async function pressAt(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByLabel("Page, zone or request id").fill(name);
  await page.keyboard.press("Enter");
}

test("a running agent is stopped by the keyboard alone", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Keyboard");
  const agent = await Agent.start(zone);
  await agent.session();
  await page.goto(`${at("web")}/z/${zone}`);
  await expect(page.getByRole("heading", { name: "Keyboard" })).toBeVisible();
  await goTo(page, "sessions");
  await expect(page).toHaveURL(/sessions/);
  const tree = page.getByRole("list", { name: "Sessions" });
  await pressAt(page, tree.getByRole("button", { name: "runner", exact: true }));
  const panel = page.getByRole("dialog", { name: "runner" });
  await pressAt(page, panel.getByRole("button", { name: "End the session…" }));
  await pressAt(page, page.getByRole("button", { name: "End the session", exact: true }));
  await expect(tree).toHaveCount(0);
});

test("a policy is changed, tried on some and taken back by the keyboard alone", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Keyboard policy");
  const agent = await Agent.start(zone);
  await page.goto(`${at("web")}/z/${zone}/policies`);
  await pressAt(page, page.getByRole("button", { name: "run", exact: true }));
  const editor = page.getByLabel("Policy", { exact: true });
  await tabTo(page, editor);
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# by the keyboard");
  await pressAt(page, page.getByRole("button", { name: "Keep as a new version" }));
  const versions = page.getByRole("region", { name: "Versions" });
  await pressAt(page, versions.getByRole("button", { name: "Put in force…" }));
  await tabTo(page, page.getByLabel("Everybody, from now on"));
  await page.keyboard.press("ArrowDown");
  await expect(page.getByLabel("Some of the applications first")).toBeChecked();
  await pressAt(page, page.getByRole("button", { name: "Begin with 10 % of the applications" }));
  await expect(page.getByRole("dialog", { name: /Put version/ })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await pressAt(page, page.getByRole("button", { name: "Take it back…" }));
  await pressAt(page, page.getByRole("button", { name: "Take it back", exact: true }));
  await expect(page.getByRole("status").filter({ hasText: "it was taken back" })).toBeVisible();
  expect((await agent.exchange({ scope: "agent:lifecycle" }))["access_token"]).toBeTruthy();
});
