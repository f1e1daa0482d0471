import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

test("a refused request is decided with a version that is not in force, as it was recorded", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Simulate");
  const agent = await Agent.start(zone);
  // Another version of the set, which grants what is refused now.
  const api = await admin();
  const base = `/v1/zones/${zone}`;
  const stored = await (await api.get(`${base}/policies/${agent.policy}`)).json();
  const content = String(stored.versions[0].content).replace('"run:read"', '"run:read", "run:write"');
  const more = await (
    await api.post(`${base}/policies/${agent.policy}/versions`, { data: { content } })
  ).json();
  const [set] = (await (await api.get(`${base}/policy-sets`)).json()).items;
  const manifest = [{ policy_version_id: more.version_id ?? more.id }];
  const made = await api.post(`${base}/policy-sets/${set.id}/versions`, { data: { manifest } });
  expect(made.ok(), await made.text()).toBe(true);
  const refused = await agent.exchange({ scope: "run:write" });
  const request = String(refused["request_id"] ?? refused["requestId"]);

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
  await panel.getByLabel("Version that decides").selectOption({ index: 0 });
  await panel.getByRole("button", { name: "Decide it" }).click();
  await expect(answer.getByRole("status")).toContainText("allowed");

  await panel.getByLabel("What policy is asked").fill("{");
  await expect(panel.getByText("It is no JSON")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Decide it" })).toHaveAttribute("aria-disabled", "true");
  await page.goto(`${at("web")}/z/${zone}/policies?simulate=no-such-request`);
  await expect(page.getByRole("status").filter({ hasText: "Nothing is recorded" })).toBeVisible();
});
