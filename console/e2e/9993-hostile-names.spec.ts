import { expect, type Page, test } from "@playwright/test";
import { makeHostile, planted } from "./hostile.ts";
import { unvisited } from "./pages.ts";
import { asOwner, at } from "./people.ts";

/** Whether something that was only to be shown was run, or became an element. */
async function expectText(page: Page, where: string): Promise<void> {
  expect(await page.evaluate(() => (window as { broken?: number }).broken), where).toBeUndefined();
  await expect(page.locator("img, main script, dialog script"), where).toHaveCount(0);
  for (const link of await page
    .locator("a[href]")
    .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).protocol)))
    expect(["http:", "https:"], where).toContain(link);
}

/** Goes to each, and looks. */
async function visit(page: Page, places: readonly string[]): Promise<void> {
  for (const path of places) {
    await page.goto(`${at("web")}${path}`);
    await expect(page.locator("h1, h2").first(), path).toBeAttached();
    await expect(page.getByLabel("Loading"), path).toHaveCount(0);
    await expectText(page, path);
  }
}

test("every name, reason, document and address is text on every page that there is", async ({ page }) => {
  test.setTimeout(600_000);
  await asOwner(page);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) complaints.push(message.text());
  });
  const places = await makeHostile(page);
  expect(unvisited(places), "a page that nobody tried").toEqual([]);
  await visit(page, places);

  // And where the services say it: of whatever comes, each word that anybody may have chosen.
  await page.route(/\/api\/(control|coordinator|audit|roles)\//, async (route) => {
    const answer = await route.fetch().catch(() => undefined);
    if (!answer) return route.abort().catch(() => {});
    if (!/json/.test(answer.headers()["content-type"] ?? ""))
      return await route.fulfill({ response: answer }).catch(() => {});
    await route.fulfill({ response: answer, json: planted(await answer.json()) }).catch(() => {});
  });
  await visit(
    page,
    places.filter((path) => !path.includes("view=live")),
  );
  await page.unrouteAll({ behavior: "ignoreErrors" });
  expect(complaints).toEqual([]);
});
