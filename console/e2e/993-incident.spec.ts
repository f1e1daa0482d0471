import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, audit, makeAccount, makeZone, somebody } from "./people.ts";

const run = promisify(execFile);

test("somebody is kept out before they come, is found, and is let in again", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Kept out");
  await page.goto(`${at("web")}/z/${zone}/subjects`);
  await expect(page.getByRole("heading", { name: "No subject yet" })).toBeVisible();
  await page.getByRole("button", { name: "Keep somebody out…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "End everything and keep it out" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await dialog.getByLabel("Id of the person").fill("mallory@example.com");
  await dialog.getByLabel("Reason").fill("incident 7 <b>");
  await dialog.getByRole("button", { name: "End everything and keep it out" }).click();
  await expect(page.getByRole("heading", { name: "It is stopped" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();

  await page.getByRole("tab", { name: "Kept out" }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("incident 7 <b>");
  await page.locator("td .cover").first().click();
  const panel = page.getByRole("dialog", { name: "mallory@example.com" });
  await expect(panel.getByText("It never held authority in this zone.")).toBeVisible();
  await panel.getByRole("button", { name: "Let it in again…" }).click();
  await page.getByRole("button", { name: "Let it in again", exact: true }).click();
  await expect(panel.getByText("not kept out")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { name: "Nobody is kept out" })).toBeVisible();

  await page.goto(`${at("web")}/z/${zone}/changes`);
  await expect(page.getByRole("button", { name: "Unblock subject" })).toBeVisible();
  await page.getByRole("button", { name: "Revoke subject" }).click();
  await expect(page.getByRole("dialog").getByText("incident 7 <b>", { exact: true })).toBeVisible();
});

test("what is typed finds a subject among all there are", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Finding subjects");
  const agent = await Agent.start(zone);
  await agent.session();
  await page.goto(`${at("web")}/z/${zone}/subjects`);
  const found = page.getByRole("button", { name: "runner", exact: true });
  await expect(found).toBeVisible();
  await page.getByLabel("Find subjects").fill("somebody else");
  await expect(found).toHaveCount(0);
  await expect(page.getByText("Nothing here is called that.")).toBeVisible();
  await page.getByLabel("Find subjects").fill("RUNN");
  await expect(found).toBeVisible();
  await expect(page).toHaveURL(/find=RUNN/);
});

test("a zone is frozen and thawed, and each says so on every page of it", async ({ page, browser }) => {
  await asOwner(page);
  const zone = await makeZone("Frozen");
  const agent = await Agent.start(zone);
  const asks = async () =>
    (await agent.exchange({ scope: "agent:lifecycle" }))["access_token"] === undefined
      ? "refused"
      : "allowed";
  await page.goto(`${at("web")}/z/${zone}`);
  await page.getByRole("button", { name: "Freeze the zone…" }).click();
  await page.getByLabel("Reason").fill("keys were stolen");
  await page.getByRole("button", { name: "Freeze the zone", exact: true }).click();
  const note = page.getByRole("status").filter({ hasText: "This zone is frozen since" });
  await expect(note).toBeVisible();
  expect(await asks()).toBe("refused");
  await page.goto(`${at("web")}/z/${zone}/policies`);
  await expect(note).toBeVisible();

  // Whoever may stop may not start again.
  await makeAccount("operator-of-frozen@example.com", "operator", [zone]);
  const operator = await somebody(browser, "operator-of-frozen@example.com");
  await operator.goto(`${at("web")}/z/${zone}`);
  await expect(operator.getByRole("button", { name: "Thaw the zone…" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await operator.context().close();

  await page.getByRole("button", { name: "Thaw the zone…" }).click();
  await page.getByRole("button", { name: "Thaw the zone", exact: true }).click();
  await expect(note).toHaveCount(0);
  await expect.poll(asks).toBe("allowed");
  await page.goto(`${at("web")}/z/${zone}/changes`);
  await page.getByRole("button", { name: "Freeze zone" }).click();
  await expect(page.getByRole("dialog").getByText("keys were stolen", { exact: true })).toBeVisible();
});

for (const [whose, path] of [
  ["a session", "sessions"],
  ["a subject", "subjects"],
  ["a time", "audit?since=1h"],
] as const)
  test(`the evidence of ${whose} is had as a pack that a stranger verifies`, async ({ page }, info) => {
    await asOwner(page);
    const zone = await makeZone(`Packs of ${whose}`);
    const agent = await Agent.start(zone);
    await agent.session();
    await page.goto(`${at("web")}/z/${zone}/${path}`);
    if (!path.startsWith("audit")) await page.getByRole("button", { name: "runner", exact: true }).click();
    const pack = page.getByRole("button", { name: "Evidence pack" });
    const kept = info.outputPath("evidence.tar");
    // The ledger signs what came within a second.
    await expect(async () => {
      const coming = page.waitForEvent("download", { timeout: 3_000 });
      await pack.press("Enter");
      await (await coming).saveAs(kept);
    }).toPass();
    const { keys } = await (await (await audit()).get("/api/audit/keys")).json();
    const trusted = info.outputPath("keys");
    writeFileSync(trusted, keys.join("\n"));
    const program = process.env["CARACALD"] ?? "../target/debug/caracald";
    const { stdout } = await run(program, [
      ...["audit", "verify", "--pack", kept, "--trust", trusted, "--witnesses", "0"],
    ]);
    expect(stdout).toContain("events");
  });

test("a pack of what is filtered otherwise is refused with the reason", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("No pack");
  await page.goto(`${at("web")}/z/${zone}/audit?decision=deny&since=1h`);
  const pack = page.getByRole("button", { name: "Evidence pack" });
  await expect(pack).toHaveAttribute("title", /take away all filters/);
  await page.goto(`${at("web")}/z/${zone}/audit`);
  await expect(pack).toHaveAttribute("title", "Choose a time or a session first.");
});
