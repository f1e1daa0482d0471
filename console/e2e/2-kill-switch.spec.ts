import { type APIRequestContext, expect, request, test } from "@playwright/test";
import { admin, asOwner, at, makeZone } from "./people.ts";

type Json = { access_token?: string; agent_session_id?: string };

/** An agent with one live session that started another. */
class Agent {
  lifecycle = "";
  parent = "";
  private constructor(
    private readonly zone: string,
    readonly id: string,
    private readonly secret: string,
    private readonly http: APIRequestContext,
  ) {}

  static async start(zone: string): Promise<Agent> {
    const api = await admin();
    const base = `/v1/zones/${zone}`;
    const made = await (
      await api.post(`${base}/applications`, { data: { name: "runner", registration_method: "managed" } })
    ).json();
    const provider = await (
      await api.post(`${base}/providers`, { data: { name: "none", kind: "none", config_json: {} } })
    ).json();
    await api.post(`${base}/resources`, {
      data: {
        identifier: "resource://run",
        upstream_url: process.env["E2E_UPSTREAM"],
        scopes: ["run:read"],
        credential_provider_id: provider.id,
        operations: [{ method: "GET", path: "/x", scope: "run:read" }],
      },
    });
    const content = `# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {"runner": "${made.id}"}\ngrants := {"resource://run": {"application": "runner", "roles": {"r": ["run:read"]}}}\n`;
    const policy = await (await api.post(`${base}/policies`, { data: { name: "run", content } })).json();
    const set = await (await api.post(`${base}/policy-sets`, { data: { name: "run" } })).json();
    const version = await (
      await api.post(`${base}/policy-sets/${set.id}/versions`, {
        data: { manifest: [{ policy_version_id: policy.version_id }] },
      })
    ).json();
    await api.post(`${base}/policy-sets/${set.id}/activate`, { data: { version_id: version.version_id } });
    const agent = new Agent(zone, made.id, made.client_secret, await request.newContext());
    await expect(async () => {
      agent.lifecycle = (await agent.exchange()).access_token ?? "";
      expect(agent.lifecycle).not.toBe("");
    }).toPass();
    agent.parent = (await agent.session({})).agent_session_id ?? "";
    await agent.session({ parent_id: agent.parent, parent_authority: "none" });
    return agent;
  }

  private async exchange(): Promise<Json> {
    const answer = await this.http.post(`${at("sts")}/oauth/2/token`, {
      form: {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        zone_id: this.zone,
        application_id: this.id,
        client_secret: this.secret,
        resource: "resource://run",
        scope: "agent:lifecycle",
      },
    });
    return await answer.json();
  }

  private async session(more: Record<string, string>): Promise<Json> {
    const answer = await this.http.post(`${at("coordinator")}/zones/${this.zone}/agents`, {
      headers: { authorization: `Bearer ${this.lifecycle}` },
      data: { application_id: this.id, ttl_seconds: 900, ...more },
    });
    expect(answer.status(), await answer.text()).toBe(201);
    return await answer.json();
  }

  /** Whether it can still start something. */
  async runs(): Promise<boolean> {
    const answer = await this.http.post(`${at("coordinator")}/zones/${this.zone}/agents`, {
      headers: { authorization: `Bearer ${this.lifecycle}` },
      data: { application_id: this.id, ttl_seconds: 900 },
    });
    return answer.ok();
  }
}

test("the kill switch stops a running agent while its tree is open", async ({ page }) => {
  const zone = await makeZone("Kill switch");
  const agent = await Agent.start(zone);
  await asOwner(page);
  await page.goto(`${at("web")}/z/${zone}/sessions`);
  const tree = page.getByRole("list", { name: "Sessions" });
  await expect(tree.getByText("1 below")).toBeVisible();
  await tree.getByRole("button", { name: "runner" }).first().click();
  // What it will stop is said in numbers, and the address is one that can be handed on.
  await expect(page).toHaveURL(new RegExp(`open=${agent.parent}`));
  await page.getByRole("button", { name: "End 2 sessions…" }).click();
  await page.getByRole("button", { name: "End 2 sessions", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Nothing runs now" })).toBeVisible();

  expect(await agent.runs()).toBe(true);
  await page.getByRole("button", { name: "Stop a subject…" }).click();
  await page.getByLabel("Application or person").fill(agent.id);
  await page.getByRole("button", { name: "End everything it holds" }).click();
  await expect(page.getByRole("heading", { name: "It is stopped" })).toBeVisible();
  expect(await agent.runs()).toBe(false);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "What has ended" }).click();
  await expect(page.getByRole("row")).toHaveCount(4);
});
