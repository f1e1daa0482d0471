import { expect, test } from "@playwright/test";
import { admin, asOwner, at, makeZone } from "./people.ts";

test("an issuer fills the form in, and a provider is tested step by step", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Trying out");
  await page.goto(`${at("web")}/z/${zone}/providers?new=1`);
  await page.getByLabel("Name", { exact: true }).fill("of a service");
  await page.getByLabel("What the upstream wants").selectOption("oauth2_client_credentials");
  const discovery = page.getByRole("region", { name: "Endpoints from the issuer" });
  await discovery.getByLabel("Issuer to read").fill("http://localhost:1");
  await page.keyboard.press("Enter");
  await expect(discovery.getByRole("alert")).toBeVisible();
  await discovery.getByLabel("Issuer to read").fill(at("issuer"));
  await discovery.getByRole("button", { name: "Fill in what it publishes" }).click();
  await expect(discovery.getByRole("status")).toContainText("Filled in from");
  await expect(page.getByLabel("Token endpoint")).toHaveValue(/^https:\/\/localhost:\d+\/\S+/);
  await page.getByLabel("Client id").fill("nobody");
  await page.getByLabel("Client secret").fill("a secret that the provider does not know");
  await page.getByRole("button", { name: "Seal it" }).click();

  await page.locator("td .cover").first().click();
  await page.getByRole("button", { name: "Test it" }).click();
  const found = page.getByRole("region", { name: "What the test found" });
  await expect(found.getByRole("listitem").filter({ hasText: "Certificate" })).toContainText("fine");
  await expect(found.getByRole("listitem").filter({ hasText: "Answer" })).toContainText("wrong");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row").nth(1)).toContainText("does not answer");
});

test("what cannot be tested says why", async ({ page }) => {
  await asOwner(page);
  const zone = await makeZone("Not tried out");
  const api = await admin();
  const provider = await (
    await api.post(`/v1/zones/${zone}/providers`, { data: { name: "open", kind: "none", config_json: {} } })
  ).json();
  const resource = await api.post(`/v1/zones/${zone}/resources`, {
    data: {
      name: "plain",
      identifier: "resource://plain",
      upstream_url: process.env["E2E_UPSTREAM"],
      scopes: ["plain:read"],
      credential_provider_id: provider.id,
      operations: [{ method: "GET", path: "/x", scope: "plain:read" }],
    },
  });
  expect(resource.ok(), await resource.text()).toBe(true);
  await page.goto(`${at("web")}/z/${zone}/resources?open=${(await resource.json()).id}`);
  await expect(page.getByRole("button", { name: "Test its guard" })).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByText("Only an upstream that verifies mandates itself can be tested.")).toBeVisible();
  await page.goto(`${at("web")}/z/${zone}/providers?open=${provider.id}`);
  await expect(page.getByRole("button", { name: "Test it" })).toHaveAttribute("aria-disabled", "true");
});
