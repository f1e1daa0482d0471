import { expect, type Page, test } from "@playwright/test";
import { asOwner, at, makeAccount, makeZone, OWNER, PASSWORD, signIn, somebody } from "./people.ts";

const asks = (page: Page) => page.getByRole("dialog", { name: "What you typed is not kept yet" });

test("what was typed asks before it is lost, whichever way somebody goes", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Nothing lost");
  // By a link, so that the way back is within the console.
  await page.goto(`${at("web")}/z/${zone}`);
  await page.getByRole("link", { name: "Applications" }).click();
  const open = () => page.getByRole("button", { name: "New application" }).first().click();
  const name = page.getByRole("dialog", { name: "New application" }).getByLabel("Name");

  // Nothing was typed, so nothing asks.
  await open();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await open();
  await name.fill("half a na");
  await page.keyboard.press("Escape");
  await expect(asks(page)).toBeVisible();
  await page.getByRole("button", { name: "Stay here" }).click();
  await expect(name).toHaveValue("half a na");
  // The way back of the browser.
  await page.evaluate(() => history.back());
  await expect(asks(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(name).toHaveValue("half a na");
  await expect(page).toHaveURL(/new=/);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Lose it" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).not.toHaveURL(/new=/);

  // What is sent well is not asked about, and what goes wrong stays.
  await open();
  await name.fill(" ");
  await page.getByRole("button", { name: "Register it" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(asks(page)).toBeVisible();
  await page.getByRole("button", { name: "Stay here" }).click();
  await name.fill("a whole name");
  await page.getByRole("button", { name: "Register it" }).click();
  await expect(page.getByRole("dialog", { name: "Secret of a whole name" })).toBeVisible();
});

test("a page with something typed asks before another page takes its place", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Nothing lost on pages");
  await page.goto(`${at("web")}/z/${zone}/protect`);
  await page.getByLabel("Name", { exact: true }).fill("Orders");
  await page.getByRole("link", { name: "Resources" }).click();
  await expect(asks(page)).toBeVisible();
  await page.getByRole("button", { name: "Stay here" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Orders");
  await page.getByRole("link", { name: "Resources" }).click();
  await page.getByRole("button", { name: "Lose it" }).click();
  await expect(page.getByRole("heading", { name: "Resources", exact: true })).toBeVisible();
});

test("a session that ends keeps what was typed until somebody is signed in again", async ({
  page: owners,
  browser,
}) => {
  await asOwner(owners);
  const zone = await makeZone("Session ends");
  await makeAccount("writer@example.com", "admin");
  const page = await somebody(browser, "writer@example.com");
  await page.goto(`${at("web")}/z/${zone}/applications?new=1`);
  const name = page.getByRole("dialog", { name: "New application" }).getByLabel("Name");
  await name.fill("kept over the sign-in");
  const end = () =>
    page.evaluate(async () => {
      await fetch("/api/session", { method: "DELETE", headers: { "x-caracal-console": "1" } });
    });
  await end();
  await page.getByRole("button", { name: "Register it" }).click();
  const again = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(again).toBeVisible();
  await again.getByLabel("E-mail address").fill("writer@example.com");
  await again.getByLabel("Password").fill(PASSWORD);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(again).toHaveCount(0);
  await expect(name).toHaveValue("kept over the sign-in");
  await page.getByRole("button", { name: "Register it" }).click();
  await expect(page.getByRole("dialog", { name: "Secret of kept over the sign-in" })).toBeVisible();

  // Somebody else gets nothing of it.
  await page.goto(`${at("web")}/z/${zone}/applications?new=1`);
  await name.fill("of the writer alone");
  await end();
  await page.getByRole("button", { name: "Register it" }).click();
  await again.getByLabel("E-mail address").fill(OWNER);
  await again.getByLabel("Password").fill(PASSWORD);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).not.toHaveURL(/new=/);
  await page.context().close();
});

test("nothing typed is nothing to keep: a session that ends leads to the sign-in and back", async ({
  page: owners,
  browser,
}) => {
  await asOwner(owners);
  const zone = await makeZone("Session ends, nothing typed");
  const page = await somebody(browser, OWNER);
  await page.goto(`${at("web")}/z/${zone}/applications`);
  await expect(page.getByRole("heading", { name: "Applications", exact: true })).toBeVisible();
  await page.evaluate(async () => {
    await fetch("/api/session", { method: "DELETE", headers: { "x-caracal-console": "1" } });
  });
  await page.waitForURL(/sign-in/);
  await signIn(page, OWNER, new URL(page.url()).search);
  await expect(page).toHaveURL(new RegExp(`/z/${zone}/applications`));
  await page.context().close();
});
