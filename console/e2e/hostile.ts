import { expect, type Page } from "@playwright/test";
import { Agent, type Json } from "./agent.ts";
import { comes, peopleSettings } from "./identity.ts";
import { admin, at, makeZone } from "./people.ts";

const EVIL = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`;

/** In an address, where markup is escaped until somebody takes the escape away. */
const EVIL_PATH = "%3Cimg%20src=x%20onerror=window.broken=1%3E";

const HELD = `
operation_risk := [{"resource": "resource://run", "method": "POST", "path": "/x", "tier": "money"}]

approval_tiers := [{"tier": "money", "approver": "operator", "ttl_seconds": 900}]
`;

/**
 * A zone in which everything that somebody may call something is called like markup that runs: what administrators name, what people
 * give as reasons, and what agents ask for. The places where it is shown.
 */
export async function makeHostile(page: Page): Promise<string[]> {
  const zone = await makeZone(EVIL);
  const agent = await Agent.start(zone, { scopes: ["run:read", "run:write"], more: `${HELD}\n# ${EVIL}\n` });
  const api = await admin();
  const post = async (path: string, data: Json): Promise<Json> => {
    const answer = await api.post(path, { data });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return await answer.json();
  };
  const base = `/v1/zones/${zone}`;
  const application = await post(`${base}/applications`, { name: EVIL, registration_method: "managed" });
  const workload = await post(`${base}/workloads`, { name: EVIL });
  const provider = await post(`${base}/providers`, {
    name: EVIL,
    kind: "oauth2_authorization_code",
    config_json: peopleSettings(at("web")),
  });
  const resource = await post(`${base}/resources`, {
    name: EVIL,
    identifier: "resource://evil",
    upstream_url: process.env["E2E_UPSTREAM"],
    scopes: ["evil:read"],
    credential_provider_id: provider["id"],
    operations: [{ method: "GET", path: "/evil", scope: "evil:read" }],
  });
  const issuer = await post(`${base}/subject-issuers`, {
    issuer: `https://evil.example/${EVIL_PATH}`,
    jwks_url: `https://evil.example/${EVIL_PATH}/keys`,
    audience: EVIL,
  });
  const policy = await post(`${base}/policies`, {
    name: EVIL,
    description: EVIL,
    content: `# caracal:data-document\npackage caracal.authz\nimport rego.v1\n# ${EVIL}\ngrants := {}\n`,
  });
  const sink = await post(`${base}/notification-sinks`, {
    name: EVIL,
    url: `https://93.184.215.14/${EVIL_PATH}`,
  });
  await post("/v1/accounts", { email: "evil@example.com", name: EVIL, role: "viewer" });
  await post("/v1/admin-tokens", { name: EVIL, scope: "global", capability: "read" });
  await post(`${base}/subjects/revoke`, { subject_id: EVIL, reason: EVIL, block: true });
  const frozen = await makeZone(`${EVIL} frozen`);
  await post(`/v1/zones/${frozen}/freeze`, { reason: EVIL });

  // An account that somebody of that name connected.
  await comes({ sub: "evil" });
  await page.goto(`${at("web")}/z/${zone}/providers?open=${provider["id"]}`);
  await page.getByLabel("For whom").fill(EVIL);
  await page.getByRole("button", { name: "Connect an account…" }).click();
  await expect(page.locator(".badge", { hasText: /^\W*connected$/ })).toBeVisible();

  const session = await agent.session({ labels: ["r", "evil"] });
  const authority = await agent.authority("run:write");
  const held: string[] = [];
  for (const note of [EVIL, `${EVIL} again`]) {
    const minted = await agent.exchange({ scope: "run:write", ...authority });
    const [, answer] = await agent.send(String(minted["access_token"]), { note, [EVIL]: note });
    expect(answer["approval_id"], JSON.stringify(answer)).toBeTruthy();
    held.push(String(answer["approval_id"]));
  }
  // One is refused, for such a reason.
  await page.goto(`${at("web")}/z/${zone}/approvals?open=${held[1]}`);
  await page.getByLabel("Reason").fill(EVIL);
  await page.getByRole("button", { name: /^Reject/ }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  const unknown = await agent.exchange({ scope: `${EVIL} x`, resource: EVIL, agent_session_id: session });
  const denied = await agent.exchange({ scope: "run:write", agent_session_id: session });
  const requests = [unknown, denied].map((one) => String(one["request_id"] ?? one["requestId"]));
  const change = String((await (await api.get(`${base}/admin-audit`)).json()).items[0].id);

  const odd = encodeURIComponent(EVIL);
  const of_zone = [
    "",
    "?hours=1h",
    "/protect",
    "/protect/mcp",
    "/document",
    `/applications?open=${application["id"]}`,
    `/workloads?open=${workload["id"]}`,
    `/issuers?open=${issuer["id"]}`,
    `/providers?open=${provider["id"]}`,
    `/resources?open=${resource["id"]}`,
    `/policies?open=${policy["id"]}`,
    `/policies?open=${agent.policy}`,
    "/policies?needless=1",
    "/policies/compare",
    "/subjects",
    "/subjects?view=blocked",
    `/subjects?open=${odd}`,
    `/subjects?open=${agent.id}`,
    `/sessions?open=${session}`,
    `/delegations?open=${authority.delegation_edge_id}`,
    "/approvals?state=all",
    `/approvals?open=${held[0]}`,
    `/approvals?state=rejected&open=${held[1]}`,
    `/notifications?open=${sink["id"]}`,
    "/audit",
    "/audit?view=live",
    "/changes",
    `/changes?open=${change}`,
    ...requests.flatMap((request) => [
      `/audit?request=${request}`,
      `/policies?draft=${request}`,
      `/policies?simulate=${request}`,
    ]),
    // The address is somebody else's text too.
    `/audit?find=${odd}`,
    `/audit?request=${odd}`,
    `/audit?event_type=${odd}&application_id=${odd}&since=${odd}`,
    `/policies?draft=${odd}&open=${odd}`,
    `/approvals?state=${odd}&open=${odd}`,
  ].map((path) => `/z/${zone}${path}`);
  return [
    ...of_zone,
    `/z/${frozen}`,
    "/z/%3Cimg%20src=x%3E",
    "/",
    "/zones",
    `/zones?open=${zone}`,
    "/accounts",
    "/tokens",
    "/receipts",
    "/settings",
    "/diagnostics",
    `/sign-in?return=${odd}`,
    `/sign-in/callback?error=${odd}&error_description=${odd}&state=${odd}`,
    `/connections/callback?error=${odd}&error_description=${odd}&state=${odd}`,
    `/link#${odd}`,
    "/no/such/%3Cimg%20src=x%3E",
  ];
}

/** What people and agents say in words, by the name of its member. */
const WORDS =
  /(^|_)(name|reason|description|detail|message|found|fix|audience|subject|user_agent|error|labels?|issuer|note|title|email|by|summary|why|comment|path|url)$/;

/** The same answer with markup before everything that somebody may have said. */
export function planted(value: unknown, key = ""): unknown {
  if (typeof value === "string")
    return WORDS.test(key) && !value.includes("<img") ? `${EVIL}${value}` : value;
  if (Array.isArray(value)) return value.map((one) => planted(one, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, planted(one, name)]));
}
