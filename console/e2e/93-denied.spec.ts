import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { asOwner, at, makeZone } from "./people.ts";

test("from a denied call to its reason, to the change that allows it, to the call that passes", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Denied");
  const agent = await Agent.start(zone);
  const authority = await agent.authority("run:read", "run:write");
  const ask = () => agent.exchange({ scope: "run:write", ...authority });
  expect((await ask())["error"]).toBe("access_denied");

  await page.goto(`${at("web")}/z/${zone}/audit?decision=deny`);
  await expect(async () => {
    await page.reload();
    await page.locator("td .cover").first().click({ timeout: 2_000 });
  }).toPass();
  const detail = page.getByRole("dialog", { name: "What happened to this request" });
  const change = detail.getByRole("region", { name: "What would allow it" });
  await expect(change).toContainText("Let the role r of resource://run hold run:write.");
  await page.screenshot({ path: "dist/e2e/denied-and-why.png" });
  await change.getByRole("link", { name: "Open the policies" }).click();

  await page.getByRole("button", { name: "run", exact: true }).click();
  const editor = page.getByLabel("Policy", { exact: true });
  await editor.fill((await editor.inputValue()).replace('["run:read"]', '["run:read", "run:write"]'));
  await page.getByRole("button", { name: "Keep as a new version" }).click();
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByRole("button", { name: "Put in force…" }).click();
  await expect(page.getByLabel("Changes")).toContainText("run:write");
  await page.getByRole("button", { name: "Put it in force" }).click();
  await expect(versions.getByRole("row").nth(1)).toContainText("in force");

  let mandate = "";
  await expect(async () => {
    mandate = String((await ask())["access_token"] ?? "");
    expect(mandate).not.toBe("");
  }).toPass();
  expect(await agent.call(mandate, "POST")).toBe(200);
});
