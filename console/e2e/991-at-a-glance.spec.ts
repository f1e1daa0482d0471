import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeAccount, makeZone, somebody } from "./people.ts";

test("the overview tells who called, how long it took, why not, and whether everything is at work", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("At a glance");
  const agent = await Agent.start(zone);
  const authority = await agent.authority("run:read");
  for (let times = 0; times < 5; times++) {
    const minted = await agent.exchange({ scope: "run:read", ...authority });
    expect(await agent.call(String(minted["access_token"]))).toBe(200);
  }
  expect((await agent.exchange({ scope: "run:write", ...authority }))["error"]).toBe("access_denied");

  await page.goto(`${at("web")}/z/${zone}`);
  const chart = (title: string) => page.getByRole("region", { name: title, exact: true });
  const called = chart("Who called?");
  await expect(async () => {
    await page.reload();
    await expect(called).toContainText("5 calls, 1 refused", { timeout: 1_000 });
  }).toPass();
  await expect(chart("How long did upstreams take?")).toContainText("for 95 %");

  // What is drawn is there as a table as well, and as a file.
  await called.getByText("As a table").click();
  const row = called.getByRole("row").filter({ hasText: "runner" });
  await expect(row).toContainText("runner");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    called.getByRole("button", { name: "Export as CSV" }).click(),
  ]);
  expect(readFileSync(await download.path(), "utf8")).toMatch(
    /^Application,Mandates,Calls,Refused\r\nrunner,\d+,5,1\r\n/,
  );

  // Another time is in the address, and a slot leads to its events.
  await page.getByRole("radio", { name: "1 hour" }).check();
  await expect(page).toHaveURL(/hours=1h/);
  const decided = chart("How much was decided?");
  await decided.getByText("As a table").click();
  await decided.getByRole("table").getByRole("link").last().click();
  await expect(page).toHaveURL(/\/audit\?from=/);
  // A slot may have ended between the calls.
  await expect(page.getByRole("row").filter({ hasText: "Called a resource" }).first()).toBeVisible();
  await page.goBack();
  await chart("Why were calls refused?").getByRole("listitem").getByRole("link").first().click();
  await expect(page).toHaveURL(/decision=deny/);
  await expect(page.getByRole("row").nth(1)).toBeVisible();

  // What ended is heard of by those that enforce, and how soon is told.
  const session = await agent.session();
  const api = await admin();
  const ended = await api.post(`/v1/zones/${zone}/sessions/${session}/terminate`, { data: {} });
  expect(ended.ok(), await ended.text()).toBe(true);
  await page.goto(`${at("web")}/z/${zone}`);
  const roles = page.getByRole("region", { name: "Is everything at work?" });
  await expect(roles.getByRole("row").filter({ hasText: "Gateway" })).toContainText("ready");
  await expect(roles.getByRole("row").filter({ hasText: "STS" })).toContainText("Heard the last end after");
  await expect(page.getByText("Revocation lag").locator("..")).toContainText("ms");

  // Counts are for everybody who may see the zone; evidence, and what is counted of it, is not.
  await makeAccount("glance@example.com", "viewer", [zone]);
  const viewer = await somebody(browser, "glance@example.com");
  await viewer.goto(`${at("web")}/z/${zone}`);
  await expect(viewer.getByText("Evidence is not shown.")).toBeVisible();
  await expect(viewer.getByRole("region", { name: "Is everything at work?" })).toContainText("ready");
  const refused = await viewer.request.get(`${at("web")}/api/control/v1/zones/${zone}/activity`);
  expect(refused.status()).toBe(403);
});

test("how roles are is told to nobody who is not signed in", async ({ request }) => {
  for (const role of ["api", "sts", "gateway", "coordinator", "audit"]) {
    const answer = await request.get(`${at("web")}/api/roles/${role}/ready`);
    expect(answer.status(), role).toBe(401);
  }
  const strange = ["web", "..", "sts/ready/..", "sts/metrics", "%2e%2e/metrics", ""];
  for (const role of strange) {
    const answer = await request.get(`${at("web")}/api/roles/${role}`);
    expect(answer.status(), role).toBe(404);
  }
  expect((await request.post(`${at("web")}/api/roles/sts/ready`)).status()).not.toBe(200);
});

test("what a list shows can be had as a file, with whole ids and times, and nothing in it is a formula", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Exported");
  const api = await admin();
  for (const name of ["=HYPERLINK(1)", 'a, "b"']) {
    const data = { name, registration_method: "managed" };
    expect((await api.post(`/v1/zones/${zone}/applications`, { data })).ok()).toBe(true);
  }
  await page.goto(`${at("web")}/z/${zone}/applications`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export these 2 as CSV" }).click(),
  ]);
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toMatch(/^Application,Id,Lifetime,Made\r\n/);
  expect(text).toMatch(/\r\n"a, ""b""",[0-9a-f-]{36},no end,\d{4}-\d\d-\d\dT[\d:.]+Z\r\n/);
  expect(text).toContain("\r\n'=HYPERLINK(1),");
});
