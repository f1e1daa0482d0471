import { expect, test } from "@playwright/test";
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
