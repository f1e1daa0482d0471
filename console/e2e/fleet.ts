import { expect } from "@playwright/test";
import { Agent, type Json } from "./agent.ts";
import { admin, makeZone } from "./people.ts";

/** Names that a page has to bear: very long, from right to left, and of what looks like markup. */
const NAMES = [
  "invoices",
  `the application that reconciles the ledgers of every subsidiary ${"and then some ".repeat(9)}`.slice(
    0,
    200,
  ),
  "סוכן חשבוניות",
  "<b>bold</b> & co.",
];

const POLICY = `
risk contains {"scope": "run:write", "tier": "high"}

operation_risk := [{"resource": "resource://run", "method": "DELETE", "path": "/x", "tier": "high"}]

approval_tiers contains {"tier": "high", "approver": "operator", "ttl_seconds": 900}
`;

export type Fleet = {
  readonly zone: string;
  readonly agent: Agent;
  /** A request that was refused. */
  readonly refused: string;
  /** An approval that waits. */
  readonly held: string;
  /** The session at the top of the tree. */
  readonly session: string;
  readonly delegation: string;
  readonly workload: string;
  readonly issuer: string;
  readonly sink: string;
  readonly provider: string;
  readonly resource: string;
  /** What an administrator did. */
  readonly change: string;
  readonly account: string;
};

/** A zone in which there is something to see on every page. */
export async function makeFleet(name: string): Promise<Fleet> {
  const zone = await makeZone(name);
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"], more: POLICY });
  const api = await admin();
  const post = async (path: string, data: Json): Promise<Json> => {
    const answer = await api.post(`/v1/zones/${zone}${path}`, { data });
    expect(answer.ok(), await answer.text()).toBe(true);
    return await answer.json();
  };
  for (const one of NAMES) await post("/applications", { name: one, registration_method: "managed" });
  for (let number = 1; number <= 40; number++)
    await post("/applications", { name: `worker ${number}`, registration_method: "managed" });
  const workloads = await Promise.all(NAMES.slice(0, 3).map((one) => post("/workloads", { name: one })));
  const issuer = await post("/subject-issuers", {
    issuer: "https://people.example.com/tenants/a-rather-long-name-of-a-tenant",
    jwks_url: "https://people.example.com/tenants/a-rather-long-name-of-a-tenant/keys",
    audience: "caracal",
  });
  const sink = await post("/notification-sinks", {
    name: "incidents",
    url: "https://93.184.215.14/hooks/caracal",
  });
  const provider = await post("/providers", {
    name: "tickets",
    kind: "api_key",
    config_json: { header_name: "X-Key", api_key: "of-the-upstream" },
  });

  await post("/subjects/revoke", {
    subject_id: "mallory@example.com",
    reason: "incident 7: their laptop was stolen",
    block: true,
  });

  // A candidate that grants less, decided beside what is in force.
  const sets = await (await api.get(`/v1/zones/${zone}/policy-sets`)).json();
  const set = String(sets.items[0].id);
  const stored = await (await api.get(`/v1/zones/${zone}/policies/${agent.policy}`)).json();
  const content = String(stored.versions[0].content).replace('"run:read", "run:write"', '"run:read"');
  const less = await post(`/policies/${agent.policy}/versions`, { content });
  const manifest = [{ policy_version_id: less["version_id"] ?? less["id"] }];
  const candidate = await post(`/policy-sets/${set}/versions`, { manifest });
  await post(`/policy-sets/${set}/versions/${candidate["version_id"]}/shadow`, {});

  const top = await agent.session({ labels: ["r", "eu"] });
  const below = await agent.session({ parent_id: top, parent_authority: "none" });
  const delegation = await agent.delegate(top, below, ["run:read", "run:write"]);
  const authority = { agent_session_id: below, delegation_edge_id: delegation };
  for (let times = 0; times < 12; times++) {
    const minted = await agent.exchange({ scope: "run:read", ...authority });
    expect(await agent.call(String(minted["access_token"]))).toBe(200);
  }
  // Not delegated, not granted, no such resource.
  const alone = await agent.authority("run:read");
  for (const form of [
    { scope: "run:write", ...alone },
    { scope: "run:delete", ...authority },
    { scope: "other:read", resource: "resource://other", ...authority },
  ])
    expect((await agent.exchange(form))["error"]).toBeTruthy();
  const refused = await agent.exchange({ scope: "run:write", ...alone });
  const held = await agent.exchange({ scope: "run:write", ...authority });
  expect(held["approval_id"], JSON.stringify(held)).toBeTruthy();
  const first = async (path: string): Promise<string> =>
    String((await (await api.get(path)).json()).items[0].id);
  return {
    zone,
    agent,
    workload: String(workloads[0]?.["id"]),
    issuer: String(issuer["id"]),
    sink: String(sink["id"]),
    provider: String(provider["id"]),
    resource: await first(`/v1/zones/${zone}/resources`),
    change: await first(`/v1/zones/${zone}/admin-audit`),
    account: await first("/v1/accounts"),
    refused: String(refused["request_id"] ?? refused["requestId"]),
    held: String(held["approval_id"]),
    session: top,
    delegation,
  };
}
