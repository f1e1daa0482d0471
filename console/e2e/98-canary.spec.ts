import { expect, type Page, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeAccount, makeZone, somebody } from "./people.ts";

/** A further version of the agent's policy, with other scopes in its role. */
async function written(agent: Agent, scopes: readonly string[]): Promise<void> {
  const api = await admin();
  const path = `/v1/zones/${agent.zone}/policies/${agent.policy}`;
  const { versions } = await (await api.get(path)).json();
  const content = versions[0].content.replace(
    /"roles": \{.*?\}/,
    `"roles": {"r": ${JSON.stringify(scopes)}}`,
  );
  expect((await api.post(`${path}/versions`, { data: { content } })).ok()).toBe(true);
}

/** The dialog that puts the newest version of the policy in force. */
async function puttingInForce(page: Page, agent: Agent) {
  await page.goto(`${at("web")}/z/${agent.zone}/policies?open=${agent.policy}`);
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByRole("button", { name: "Put in force…" }).first().press("Enter");
  return page.getByRole("dialog", { name: /Put version \d+ in force/ });
}

test("a version that denies too much goes back by itself, and the page says so", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Canary that goes back");
  const agent = await Agent.start(zone);
  const authority = await agent.authority("run:read");
  const ask = async () => String((await agent.exchange({ scope: "run:read", ...authority }))["error"] ?? "");
  expect(await ask()).toBe("");
  await written(agent, []);

  const dialog = await puttingInForce(page, agent);
  await dialog.getByLabel("Some of the applications first").press("Space");
  await dialog.getByLabel("Share of applications (%)").fill("0");
  await expect(dialog).toContainText("A whole number from 1 to 100 is needed.");
  await dialog.getByLabel("Share of applications (%)").fill("100");
  await dialog.getByLabel("Decisions to judge by").fill("4");
  await page.screenshot({ path: "dist/e2e/canary-begin.png" });
  await dialog.getByRole("button", { name: "Begin with 100 % of the applications" }).press("Enter");
  await expect(dialog).toHaveCount(0);
  await page.goto(`${at("web")}/z/${zone}/policies`);
  const canary = page.getByRole("region", { name: /^Canary: version 2 decides for 100 %/ });
  await expect(canary).toContainText("judged after 4 more");

  // Until the STS has heard of it the version in force decides; then the canary denies, is judged, and is gone.
  await expect(async () => expect(await ask()).toBe("access_denied")).toPass();
  await expect(async () => {
    await ask();
    await expect(page.getByRole("status").filter({ hasText: "The last canary" })).toContainText(
      "it went back by itself, because it denied too much",
      { timeout: 500 },
    );
  }).toPass();
  await expect(canary).toHaveCount(0);
  await expect(async () => expect(await ask()).toBe("")).toPass();
});

test("a canary is watched, grown, and put in force for everybody; a viewer only watches", async ({
  page,
  browser,
}) => {
  await asOwner(page);
  const zone = await makeZone("Canary that stays");
  const agent = await Agent.start(zone);
  const authority = await agent.authority("run:read", "run:write");
  const ask = async () => String((await agent.exchange({ scope: "run:write", ...authority }))["error"] ?? "");
  expect(await ask()).toBe("access_denied");
  await written(agent, ["run:read", "run:write"]);

  const dialog = await puttingInForce(page, agent);
  await dialog.getByLabel("Some of the applications first").check();
  await dialog.getByRole("button", { name: "Begin with 10 % of the applications" }).click();
  await expect(dialog).toHaveCount(0);
  await page.goto(`${at("web")}/z/${zone}/policies`);
  const running = (share: number) =>
    page.getByRole("region", { name: new RegExp(`^Canary: version 2 decides for ${share} %`) });
  await expect(running(10)).toBeVisible();

  // Somebody else grew it since it was read: nothing is changed unseen.
  await running(10).getByRole("button", { name: "Change its rules…" }).click();
  const api = await admin();
  expect((await api.patch(`/v1/zones/${zone}/policy-canary`, { data: { share_percent: 20 } })).ok()).toBe(
    true,
  );
  const rules = page.getByRole("dialog", { name: "Change the rules of the canary" });
  await rules.getByLabel("Share of applications (%)").fill("30");
  await rules.getByRole("button", { name: "Change them" }).click();
  await expect(rules.getByRole("alert")).toBeVisible();
  await rules.getByRole("button", { name: "Leave them" }).click();
  await running(20).getByRole("button", { name: "Change its rules…" }).click();
  await rules.getByLabel("Share of applications (%)").fill("100");
  await rules.getByRole("button", { name: "Change them" }).click();
  await expect(running(100)).toBeVisible();
  await expect(async () => expect(await ask()).toBe("")).toPass();
  await expect(running(100).getByText("Newly allowed").locator("..")).not.toContainText("none yet");
  await page.screenshot({ path: "dist/e2e/canary-running.png" });

  await makeAccount("watching@example.com", "viewer", [zone]);
  const viewer = await somebody(browser, "watching@example.com");
  await viewer.goto(`${at("web")}/z/${zone}/policies`);
  const seen = viewer.getByRole("region", { name: /^Canary:/ });
  for (const name of ["Put it in force…", "Change its rules…", "Take it back…"])
    await expect(seen.getByRole("button", { name })).toHaveAttribute("aria-disabled", "true");

  await running(100).getByRole("button", { name: "Put it in force…" }).press("Enter");
  const promote = page.getByRole("dialog", { name: "Put version 2 in force for everybody" });
  await expect(promote).toContainText("would have decided otherwise");
  await promote.getByRole("button", { name: "Put it in force" }).press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "The last canary" })).toContainText(
    "it was put in force for everybody",
  );
  const history = page.getByRole("region", { name: /^History of/ });
  await expect(history.getByRole("row").nth(1)).toContainText("in force");
  expect(await ask()).toBe("");

  // The version before is tried again in the same way, and taken back by hand.
  await history.getByRole("button", { name: "Roll back to it…" }).press("Enter");
  const back = page.getByRole("dialog", { name: "Put version 1 in force again" });
  await back.getByLabel("Some of the applications first").check();
  await back.getByRole("button", { name: "Begin with 10 % of the applications" }).click();
  await expect(back).toHaveCount(0);
  const again = page.getByRole("region", { name: /^Canary: version 1 decides for 10 %/ });
  await again.getByRole("button", { name: "Take it back…" }).press("Enter");
  await page.getByRole("button", { name: "Take it back", exact: true }).press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "The last canary" })).toContainText(
    "it was taken back",
  );
});
