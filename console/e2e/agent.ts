import { type APIRequestContext, expect, request } from "@playwright/test";
import { admin, at } from "./people.ts";

export type Json = Record<string, unknown>;

const RESOURCE = "resource://run";

/** What the policy of an agent says beside who it is. */
export type Policy = {
  /** Scopes of its role. */
  scopes?: readonly string[];
  /** Further lines of the document. */
  more?: string;
};

function document(application: string, { scopes = ["run:read"], more = "" }: Policy): string {
  const granted = scopes.map((scope) => JSON.stringify(scope)).join(", ");
  return `# caracal:data-document
package caracal.authz
import rego.v1

app_ids := {"runner": "${application}"}

grants := {"${RESOURCE}": {"application": "runner", "roles": {"r": [${granted}]}}}
${more}`;
}

/** An agent in a zone of its own: its application, the resource it calls, and a policy in force. */
export class Agent {
  lifecycle = "";
  private constructor(
    readonly zone: string,
    readonly id: string,
    readonly policy: string,
    private readonly secret: string,
    private readonly http: APIRequestContext,
  ) {}

  static async start(zone: string, policy: Policy = {}): Promise<Agent> {
    const api = await admin();
    const post = async (path: string, data: Json): Promise<Json> => {
      const answer = await api.post(`/v1/zones/${zone}${path}`, { data });
      expect(answer.ok(), await answer.text()).toBe(true);
      return await answer.json();
    };
    const made = await post("/applications", { name: "runner", registration_method: "managed" });
    const provider = await post("/providers", { name: "none", kind: "none", config_json: {} });
    await post("/resources", {
      identifier: RESOURCE,
      upstream_url: process.env["E2E_UPSTREAM"],
      scopes: ["run:read", "run:write"],
      credential_provider_id: provider["id"],
      operations: [
        { method: "GET", path: "/x", scope: "run:read" },
        { method: "POST", path: "/x", scope: "run:write" },
      ],
    });
    const id = String(made["id"]);
    const kept = await post("/policies", { name: "run", content: document(id, policy) });
    const set = await post("/policy-sets", { name: "run" });
    const manifest = [{ policy_version_id: kept["version_id"] }];
    const version = await post(`/policy-sets/${set["id"]}/versions`, { manifest });
    await post(`/policy-sets/${set["id"]}/activate`, { version_id: version["version_id"] });
    const secret = String(made["client_secret"]);
    const agent = new Agent(zone, id, String(kept["id"]), secret, await request.newContext());
    await expect(async () => {
      agent.lifecycle = String((await agent.exchange({ scope: "agent:lifecycle" }))["access_token"] ?? "");
      expect(agent.lifecycle).not.toBe("");
    }).toPass();
    return agent;
  }

  /** Asks the STS, as it answers. */
  async exchange(form: Record<string, string>): Promise<Json> {
    const answer = await this.http.post(`${at("sts")}/oauth/2/token`, {
      form: {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        zone_id: this.zone,
        application_id: this.id,
        client_secret: this.secret,
        resource: RESOURCE,
        ...form,
      },
    });
    return await answer.json();
  }

  private async coordinate(path: string, data: Json) {
    return await this.http.post(`${at("coordinator")}/zones/${this.zone}/${path}`, {
      headers: { authorization: `Bearer ${this.lifecycle}` },
      data,
    });
  }

  /** Starts a session; its id. */
  async session(more: Json = {}): Promise<string> {
    const body = { application_id: this.id, ttl_seconds: 900, labels: ["r"], ...more };
    const answer = await this.coordinate("agents", body);
    expect(answer.status(), await answer.text()).toBe(201);
    return (await answer.json()).agent_session_id;
  }

  /** Hands scopes on from one session to another; the id of the delegation. */
  async delegate(from: string, to: string, scopes: readonly string[], more: Json = {}): Promise<string> {
    const answer = await this.coordinate("delegations", {
      issuer_application_id: this.id,
      receiver_application_id: this.id,
      source_session_id: from,
      target_session_id: to,
      scopes,
      constraints: { resources: [RESOURCE] },
      ttl_seconds: 900,
      ...more,
    });
    expect(answer.status(), await answer.text()).toBe(201);
    return (await answer.json()).delegation_edge_id;
  }

  /** Two sessions, of which the second acts under a delegation of the scopes. */
  async authority(...scopes: string[]): Promise<Record<"agent_session_id" | "delegation_edge_id", string>> {
    const [from, to] = [await this.session(), await this.session()];
    return { agent_session_id: to, delegation_edge_id: await this.delegate(from, to, scopes) };
  }

  /** Calls the resource with a mandate; the status. */
  async call(mandate: string, method = "GET"): Promise<number> {
    const answer = await this.http.fetch(`${at("gateway")}/x`, {
      method,
      headers: { authorization: `Bearer ${mandate}`, "x-caracal-resource": RESOURCE },
    });
    return answer.status();
  }

  /** Calls the resource with a mandate and a body; the status and the answer. */
  async send(mandate: string, data: unknown): Promise<[status: number, answer: Json]> {
    const answer = await this.http.post(`${at("gateway")}/x`, {
      headers: { authorization: `Bearer ${mandate}`, "x-caracal-resource": RESOURCE },
      data,
    });
    return [answer.status(), await answer.json()];
  }

  /** Gives up what waits for a person; the status, and where it stands then. */
  async giveUp(approval: string): Promise<[status: number, state: string]> {
    const answer = await this.http.post(`${at("sts")}/approvals/${approval}/withdraw`, {
      headers: { authorization: `Bearer ${this.lifecycle}` },
    });
    return [answer.status(), String((await answer.json()).state ?? "")];
  }

  /** Whether it can still start something. */
  async runs(): Promise<boolean> {
    return (await this.coordinate("agents", { application_id: this.id, ttl_seconds: 900 })).ok();
  }
}
