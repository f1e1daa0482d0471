import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

test("a refused request is decided with a version that is not in force, as it was recorded", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Simulate");
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"] });
  const authority = await agent.authority("run:write");
  // From now on less is granted; what granted it is a version of the set still.
  const api = await admin();
  const base = `/v1/zones/${zone}`;
  const stored = await (await api.get(`${base}/policies/${agent.policy}`)).json();
  const content = String(stored.versions[0].content).replace('"run:read", "run:write"', '"run:read"');
  const less = await (
    await api.post(`${base}/policies/${agent.policy}/versions`, { data: { content } })
  ).json();
  const [set] = (await (await api.get(`${base}/policy-sets`)).json()).items;
  const manifest = [{ policy_version_id: less.version_id ?? less.id }];
  const made = await (
    await api.post(`${base}/policy-sets/${set.id}/versions`, { data: { manifest } })
  ).json();
  await api.post(`${base}/policy-sets/${set.id}/activate`, { data: { version_id: made.version_id } });
  let request = "";
  await expect(async () => {
    const refused = await agent.exchange({ scope: "run:write", ...authority });
    expect(refused["error"]).toBeTruthy();
    request = String(refused["request_id"] ?? refused["requestId"]);
  }).toPass();

  await expect(async () => {
    await page.goto(`${at("web")}/z/${zone}/audit?request=${request}`);
    await page.getByText("What policy was asked").click({ timeout: 2_000 });
  }).toPass();
  await page.getByRole("link", { name: "Decide it with another version" }).click();
  const panel = page.getByRole("dialog", { name: "Decide one request" });
  await expect(panel.getByLabel("What policy is asked")).toHaveValue(/"run:write"/);
  await panel.getByRole("button", { name: "Decide it" }).click();
  const answer = panel.getByRole("region", { name: "What it decides" });
  await expect(answer.getByRole("status")).toContainText("refused");
  await panel.getByLabel("Version that decides").selectOption({ index: 1 });
  await panel.getByRole("button", { name: "Decide it" }).click();
  await expect(answer.getByRole("status")).toContainText("allowed");

  await panel.getByLabel("What policy is asked").fill("{");
  await expect(panel.getByText("It is no JSON")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Decide it" })).toHaveAttribute("aria-disabled", "true");
  await page.goto(`${at("web")}/z/${zone}/policies?simulate=no-such-request`);
  await expect(page.getByRole("status").filter({ hasText: "Nothing is recorded" })).toBeVisible();
});
