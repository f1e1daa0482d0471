import { expect, test } from "@playwright/test";
import { makeFleet } from "./fleet.ts";
import { asOwner, at } from "./people.ts";

/** Pages in the order in which somebody goes through them, each with its heading. */
const PAGES = [
  "Applications",
  "Workloads",
  "Providers",
  "Resources",
  "Policies",
  "Issuers",
  "Subjects",
  "Sessions",
  "Approvals",
  "Delegations",
  "Notifications",
  "Audit",
  "Changes",
];

/**
 * How long a change of page takes, from the press of the link until the page is there with what it shows, in a zone with data. It is
 * printed and not judged: the machine that runs it is as busy as it is.
 */
test("a change of page is measured", async ({ page }) => {
  test.skip(!process.env["E2E_MEASURE"], "it is measured where E2E_MEASURE is set");
  test.setTimeout(180_000);
  await asOwner(page);
  const fleet = await makeFleet("Route changes");
  await page.goto(`${at("web")}/z/${fleet.zone}`);
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  const rounds: Array<Array<[name: string, ms: number]>> = [];
  for (let round = 0; round < 3; round++) {
    const took: Array<[string, number]> = [];
    for (const name of PAGES) {
      const ms = await page.evaluate(async (name) => {
        const links = [...document.querySelectorAll<HTMLAnchorElement>("nav[aria-label=Pages] a")];
        const link = links.find((one) => one.firstChild?.textContent === name);
        if (!link) throw new Error(`no link to ${name}`);
        // As a pointer comes to a link before it presses it.
        link.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        await new Promise((resolve) => setTimeout(resolve, 100));
        const began = performance.now();
        link.click();
        const there = () =>
          document.querySelector("main h1")?.textContent === name &&
          document.querySelector("main [aria-busy=true]") === null;
        while (!there()) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - began;
      }, name);
      took.push([name, ms]);
    }
    rounds.push(took);
  }
  const summed = (took: ReadonlyArray<[string, number]>): string => {
    const sorted = took.map(([, ms]) => ms).sort((a, b) => a - b);
    const slowest = [...took].sort((a, b) => b[1] - a[1])[0];
    return `median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, slowest ${slowest?.[1].toFixed(0)} ms (${slowest?.[0]})`;
  };
  const [first, ...later] = rounds;
  console.log(`change of page, seen for the first time: ${summed(first ?? [])}`);
  console.log(`change of page, seen before: ${summed(later.flat())}`);
});

/** Bytes that a browser may take before anything is typed into an editor. */
const FIRST_LOAD = 150 * 1024;

test("what a browser takes before it shows a page for the first time is within the budget, compressed", async ({
  browser,
  page,
}) => {
  await asOwner(page);
  const fleet = await makeFleet("First load");
  for (const place of [
    "/sign-in",
    "/zones",
    `/z/${fleet.zone}`,
    `/z/${fleet.zone}/applications`,
    `/z/${fleet.zone}/policies`,
    `/z/${fleet.zone}/audit`,
  ]) {
    // A browser that has nothing yet.
    const context = await browser.newContext();
    if (place !== "/sign-in") await context.addCookies(await page.context().cookies());
    const tab = await context.newPage();
    await tab.goto(`${at("web")}${place}`);
    await expect(tab.locator("h1").first()).toBeVisible();
    await expect(tab.getByLabel("Loading")).toHaveCount(0);
    const files = await tab.evaluate(() => {
      const [itself] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
      const others = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return [...(itself ? [itself] : []), ...others]
        .filter(({ name }) => !new URL(name).pathname.startsWith("/api/"))
        .map(({ name, encodedBodySize, decodedBodySize }) => ({ name, encodedBodySize, decodedBodySize }));
    });
    const sum = files.reduce((total, { encodedBodySize }) => total + encodedBodySize, 0);
    console.log(
      `first load of ${place.replace(fleet.zone, "ZONE")}: ${(sum / 1024).toFixed(0)} KB, ${files.length} files`,
    );
    expect(sum, place).toBeLessThan(FIRST_LOAD);
    // Each of some size came compressed, and none from elsewhere.
    for (const { name, encodedBodySize, decodedBodySize } of files) {
      expect(new URL(name).origin, name).toBe(at("web"));
      if (decodedBodySize > 4_000) expect(encodedBodySize, name).toBeLessThan(decodedBodySize * 0.6);
    }
    await context.close();
  }
});
