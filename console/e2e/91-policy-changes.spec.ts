import { expect, test } from "@playwright/test";
import { Agent } from "./agent.ts";
import { admin, asOwner, at, makeZone } from "./people.ts";

const document = (scopes: string) =>
  `# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {"runner": "an-application"}\ngrants := {"resource://run": {"application": "runner", "roles": {"r": [${scopes}]}}}\n`;

test("a version is tried on what was decided before it is put in force, and what nobody needed is asked for", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Policy changes");
  const api = await admin();
  const base = `/v1/zones/${zone}`;
  const policy = await (
    await api.post(`${base}/policies`, {
      data: { name: "run", content: document('"run:read", "run:write"') },
    })
  ).json();
  const set = await (await api.post(`${base}/policy-sets`, { data: { name: "run" } })).json();
  const manifest = [{ policy_version_id: policy.version_id }];
  const version = await (
    await api.post(`${base}/policy-sets/${set.id}/versions`, { data: { manifest } })
  ).json();
  await api.post(`${base}/policy-sets/${set.id}/activate`, { data: { version_id: version.version_id } });
  await api.post(`${base}/policies/${policy.id}/versions`, { data: { content: document('"run:read"') } });

  await page.goto(`${at("web")}/z/${zone}/policies?open=${policy.id}`);
  const versions = page.getByRole("region", { name: "Versions" });
  await expect(versions.getByRole("row").nth(2)).toContainText("in force");
  await versions.getByRole("button", { name: "Put in force…" }).press("Enter");
  const looked = page.getByRole("region", { name: "What would have been decided otherwise?" });
  await looked.getByRole("button", { name: "Decide it again" }).press("Enter");
  await expect(looked.getByRole("status")).toContainText("Nothing was decided in that time");
  // What was looked at is put in force: one version more, and not two.
  await page.getByRole("button", { name: "Put it in force" }).press("Enter");
  await expect(versions.getByRole("row").nth(1)).toContainText("in force");
  const made = await (await api.get(`${base}/policy-sets/${set.id}/versions`)).json();
  expect(made.items).toHaveLength(2);

  await page.goto(`${at("web")}/z/${zone}/policies`);
  await page.getByRole("button", { name: "What nobody needed…" }).press("Enter");
  await page.getByRole("button", { name: "Look for it" }).press("Enter");
  await expect(page.getByRole("dialog").getByRole("status")).toContainText(
    "Nothing was allowed in that time",
  );
});

test("a rollback for everybody is carried out, and what was allowed before is allowed again", async ({
  page,
}) => {
  await asOwner(page);
  const zone = await makeZone("Rollback");
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"] });
  const authority = await agent.authority("run:write");
  const asks = async () => (await agent.exchange({ scope: "run:write", ...authority }))["error"] ?? "allowed";
  expect(await asks()).toBe("allowed");

  await page.goto(`${at("web")}/z/${zone}/policies?open=${agent.policy}`);
  const editor = page.getByLabel("Policy", { exact: true });
  const text = await editor.inputValue();
  await editor.fill(text.replace('"run:read", "run:write"', '"run:read"'));
  await page.getByRole("button", { name: "Keep as a new version" }).press("Enter");
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByRole("button", { name: "Put in force…" }).press("Enter");
  await page.getByRole("button", { name: "Put it in force" }).press("Enter");
  await expect(versions.getByRole("row").nth(1)).toContainText("in force");
  await expect.poll(asks).not.toBe("allowed");

  // Back, in the history of what was in force, for everybody.
  await page.goto(`${at("web")}/z/${zone}/policies`);
  const history = page.getByRole("region", { name: /History of/ });
  await expect(history.getByRole("row").nth(1)).toContainText("in force");
  await history.getByRole("button", { name: "Roll back to it…" }).press("Enter");
  await page.getByRole("button", { name: "Roll back", exact: true }).press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(history.getByRole("row").nth(2)).toContainText("in force");
  await expect.poll(asks).toBe("allowed");

  // Who did it stands beside.
  await page.goto(`${at("web")}/z/${zone}/changes`);
  await expect(page.getByRole("button", { name: "Activate policy set" }).first()).toBeVisible();
});
