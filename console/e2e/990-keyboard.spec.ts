import { expect, type Locator, type Page, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { RUN, runShown } from "./first-call.ts";
import { asOwner, at, makeZone, OWNER, PASSWORD } from "./people.ts";

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

/** Writes into a field as somebody does who has no pointer. */
async function typeInto(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

for (const [place, upstream, name, ready] of [
  ["protect an api", "Address of the upstream", "Orders API", "The first call was allowed"],
  ["protect an mcp", "Address of the MCP server", "Docs tools", "The first call was allowed"],
] as const)
  test(`${place}: from the form to the first call by the keyboard alone`, async ({ page }) => {
    await asOwner(page);
    const zone = await makeZone(`Keyboard, ${name}`);
    await page.goto(`${at("web")}/z/${zone}`);
    await expect(page.getByRole("heading", { name: `Keyboard, ${name}` })).toBeVisible();
    await goTo(page, place);
    await typeInto(page, page.getByLabel("Name", { exact: true }), name);
    await typeInto(page, page.getByLabel(upstream), process.env["E2E_UPSTREAM"] ?? "");
    await typeInto(page, page.getByLabel("Credential of the upstream"), "the-upstreams-own-token");
    await typeInto(page, page.getByLabel("Name of the agent"), "keyboard-agent");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: `${name} is protected` })).toBeVisible();
    // What is sent to an MCP server has a body, which each language writes in its own way.
    for (const language of RUN) {
      await pressAt(page, page.getByRole("tab", { name: language }));
      expect(await runShown(page, language), language).toContain("200");
    }
    await expect(page.getByText(ready)).toBeVisible();
    await pressAt(page, page.getByRole("link", { name: "See its evidence" }));
    await expect(page.getByRole("dialog").getByText("Called a resource")).toBeVisible();
  });

test("somebody signs in, is told what is wrong, and signs out by the keyboard alone", async ({
  browser,
  page: owners,
}) => {
  await asOwner(owners);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${at("web")}/sign-in`);
  await expect(page.getByRole("heading", { name: "Sign in to Caracal" })).toBeVisible();
  await typeInto(page, page.getByLabel("E-mail address"), OWNER);
  await typeInto(page, page.getByLabel("Password"), "not the password");
  await page.keyboard.press("Enter");
  // What went wrong has the focus, and what was typed stays.
  await expect(page.getByRole("alert")).toBeFocused();
  await expect(page.getByLabel("E-mail address")).toHaveValue(OWNER);
  await typeInto(page, page.getByLabel("Password"), PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(/sign-in/);
  await pressAt(page, page.getByRole("button", { name: "Sign out" }));
  await expect(page).toHaveURL(/sign-in/);
});
