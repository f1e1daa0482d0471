import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

test("a scope is granted in a table, which writes the policy, and the call passes", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Grants");
  const agent = await Agent.start(zone, { more: "\n# kept as it is\nrestrict := []\n" });
  const authority = await agent.authority("run:read", "run:write");
  const ask = () => agent.exchange({ scope: "run:write", ...authority });
  expect((await ask())["error"]).toBe("access_denied");

  await page.goto(`${at("web")}/z/${zone}/policies?open=${agent.policy}`);
  await page.getByRole("tab", { name: "Grants" }).press("Enter");
  await expect(page.getByLabel("Resource", { exact: true })).toHaveValue("resource://run");
  await expect(page.getByLabel("Application", { exact: true })).toHaveValue(agent.id);
  await expect(page.getByLabel("r may run:read")).toBeChecked();
  await page.getByLabel("r may run:write").press("Space");
  // What it writes is shown before anything is kept, and the rest of the text is nobody's business.
  const changes = page.getByLabel("Changes");
  await expect(changes).toContainText('"r": ["run:read", "run:write"],');
  await page.getByLabel("Another role").fill("auditor");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByLabel("auditor may run:read").check();
  await page.screenshot({ path: "dist/e2e/grants.png" });
  await page.getByRole("button", { name: "Keep as a new version" }).click();
  const versions = page.getByRole("region", { name: "Versions" });
  await expect(versions.getByRole("row")).toHaveCount(3);
  const api = await admin();
  const kept = await (await api.get(`/v1/zones/${zone}/policies/${agent.policy}`)).json();
  expect(kept.versions[0].content).toContain("# kept as it is\nrestrict := []\n");

  await versions.getByRole("button", { name: "Put in force…" }).click();
  await page.getByRole("button", { name: "Put it in force" }).click();
  await expect(versions.getByRole("row").nth(1)).toContainText("in force");
  await expect(async () => expect((await ask())["access_token"]).toBeTruthy()).toPass();
});

test("operations come out of a document, and those that were chosen are declared", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Imports");
  await Agent.start(zone);
  await page.goto(`${at("web")}/z/${zone}/resources?new=1`);
  await page.getByLabel("Name", { exact: true }).fill("Shop");
  await page.getByLabel("Address of the upstream").fill(process.env["E2E_UPSTREAM"] ?? "");
  await page.getByRole("button", { name: "Import operations…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Import operations" });
  await dialog.getByLabel("Or its text").fill("openapi: 3.1.0");
  await dialog.getByRole("button", { name: "Read it" }).click();
  await expect(dialog.getByRole("alert")).toContainText("neither an OpenAPI document");
  const document = {
    openapi: "3.1.0",
    paths: {
      "/orders/{order-id}": {
        get: { summary: "<img src=x onerror=window.broken=1>" },
        delete: { summary: "Deletes an order" },
      },
      "/files/{name}.json": { get: {} },
    },
  };
  await dialog.getByLabel("Or its text").fill(JSON.stringify(document));
  await dialog.getByRole("button", { name: "Read it" }).click();
  await expect(dialog.getByRole("checkbox").nth(2)).toBeDisabled();
  await dialog.getByLabel("GET /orders/{order_id}").press("Space");
  await page.screenshot({ path: "dist/e2e/import.png" });
  // The same in YAML, which is read by a file of its own that comes when it is needed.
  await dialog
    .getByLabel("Or its text")
    .fill("openapi: 3.1.0\npaths:\n  /orders/{order-id}:\n    get:\n      summary: One order\n");
  await dialog.getByRole("button", { name: "Read it" }).click();
  await dialog.getByLabel("GET /orders/{order_id}").press("Space");
  await dialog.getByRole("button", { name: "Add 1 operation" }).click();
  await expect(page.getByLabel("Operations", { exact: true })).toHaveValue(
    "GET /orders/{order_id} shop:read\n",
  );
  await page.getByRole("button", { name: "Declare it" }).click();
  await expect(page.getByRole("button", { name: "Shop", exact: true })).toBeVisible();
  expect(await page.evaluate(() => (window as { broken?: number }).broken)).toBeUndefined();
});
