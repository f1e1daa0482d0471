/** What an agent needs to know for a first call. */
export type Facts = {
  zone: string;
  application: string;
  secret: string;
  resource: string;
  scope: string;
  method: string;
  path: string;
  /** What is sent, as JSON without a quotation mark of the shell. */
  body?: string;
};

/** An answer of an MCP server is JSON, or a stream of events. */
const ACCEPT = "application/json, text/event-stream";

/** The environment of the agent. */
export function environment(facts: Facts): string {
  return `export CARACAL_ZONE_ID=${facts.zone}
export CARACAL_APPLICATION_ID=${facts.application}
export CARACAL_APP_CLIENT_SECRET=${facts.secret}
`;
}

function curl({ resource, scope, method, path, body }: Facts): string {
  const sent = body
    ? ` \\
  -H 'Content-Type: application/json' -H 'Accept: ${ACCEPT}' -d '${body}'`
    : "";
  return `#!/usr/bin/env bash
# Needs curl and jq. Run it after the lines above.
set -euo pipefail
sts=\${CARACAL_STS_URL:-http://localhost:8080}
coordinator=\${CARACAL_COORDINATOR_URL:-http://localhost:4000}
gateway=\${CARACAL_GATEWAY_URL:-http://localhost:8081}

exchange() {
  curl -sS --fail-with-body "$sts/oauth/2/token" \\
    --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\
    --data-urlencode "zone_id=$CARACAL_ZONE_ID" \\
    --data-urlencode "application_id=$CARACAL_APPLICATION_ID" \\
    --data-urlencode "client_secret@"<(printf %s "$CARACAL_APP_CLIENT_SECRET") \\
    --data-urlencode "resource=${resource}" "$@" | jq -r .access_token
}
coordinate() {
  curl -sS --fail-with-body "$coordinator/zones/$CARACAL_ZONE_ID/$1" \\
    -H @<(printf 'Authorization: Bearer %s' "$lifecycle") -H 'Content-Type: application/json' -d "$2"
}

# 1. The right to run sessions, and nothing else.
lifecycle=$(exchange --data-urlencode scope=agent:lifecycle)
# 2. One session that hands authority on, one that acts.
session() { coordinate agents "{\\"application_id\\":\\"$CARACAL_APPLICATION_ID\\",\\"ttl_seconds\\":900,\\"labels\\":[\\"agent\\"]}" | jq -r .agent_session_id; }
from=$(session); to=$(session)
# 3. Exactly this scope on exactly this resource, for a quarter of an hour.
edge=$(coordinate delegations "{\\"issuer_application_id\\":\\"$CARACAL_APPLICATION_ID\\",\\"receiver_application_id\\":\\"$CARACAL_APPLICATION_ID\\",
  \\"source_session_id\\":\\"$from\\",\\"target_session_id\\":\\"$to\\",\\"scopes\\":[\\"${scope}\\"],
  \\"constraints\\":{\\"resources\\":[\\"${resource}\\"]},\\"ttl_seconds\\":900}" | jq -r .delegation_edge_id)
# 4. A mandate: signed, minutes, one use. 5. The call.
mandate=$(exchange --data-urlencode "scope=${scope}" --data-urlencode "agent_session_id=$to" --data-urlencode "delegation_edge_id=$edge")
curl -sS -i -X ${method} "$gateway${path}" \\
  -H @<(printf 'Authorization: Bearer %s' "$mandate") -H 'X-Caracal-Resource: ${resource}'${sent}
`;
}

function python({ resource, scope, method, path, body }: Facts): string {
  const kinds = body ? `, "Content-Type": "application/json", "Accept": "${ACCEPT}"` : "";
  const data = body ? `, data=b'${body}'` : "";
  return `# Needs nothing but Python. Run it after the lines above.
import json, os, urllib.parse, urllib.request

sts = os.environ.get("CARACAL_STS_URL", "http://localhost:8080")
coordinator = os.environ.get("CARACAL_COORDINATOR_URL", "http://localhost:4000")
gateway = os.environ.get("CARACAL_GATEWAY_URL", "http://localhost:8081")
zone, application = os.environ["CARACAL_ZONE_ID"], os.environ["CARACAL_APPLICATION_ID"]
resource, scope = "${resource}", "${scope}"


def send(request):
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def exchange(**fields):
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "zone_id": zone,
            "application_id": application, "client_secret": os.environ["CARACAL_APP_CLIENT_SECRET"],
            "resource": resource, **fields}
    data = urllib.parse.urlencode(form).encode()
    return send(urllib.request.Request(f"{sts}/oauth/2/token", data))["access_token"]


def coordinate(path, body):
    headers = {"Authorization": f"Bearer {lifecycle}", "Content-Type": "application/json"}
    return send(urllib.request.Request(f"{coordinator}/zones/{zone}/{path}", json.dumps(body).encode(), headers))


lifecycle = exchange(scope="agent:lifecycle")  # the right to run sessions, and nothing else
session = {"application_id": application, "ttl_seconds": 900, "labels": ["agent"]}  # its role in the policy
source, target = (coordinate("agents", session)["agent_session_id"] for _ in range(2))
edge = coordinate("delegations", {  # exactly this scope on exactly this resource
    "issuer_application_id": application, "receiver_application_id": application,
    "source_session_id": source, "target_session_id": target, "scopes": [scope],
    "constraints": {"resources": [resource]}, "ttl_seconds": 900})["delegation_edge_id"]
mandate = exchange(scope=scope, agent_session_id=target, delegation_edge_id=edge)  # one use, minutes
call = urllib.request.Request(f"{gateway}${path}", method="${method}"${data},
                              headers={"Authorization": f"Bearer {mandate}", "X-Caracal-Resource": resource${kinds}})
with urllib.request.urlopen(call) as answer:
    print(answer.status, answer.read().decode())
`;
}

function typescript({ resource, scope, method, path, body }: Facts): string {
  const kinds = body ? `, "Content-Type": "application/json", Accept: "${ACCEPT}"` : "";
  const sent = body ? `\n  body: '${body}',` : "";
  return `// Needs nothing but Node.js 22.18 or newer: node first-call.mts, after the lines above.
const wanted = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(\`\${name} is not set\`);
  return value;
};
const zone = wanted("CARACAL_ZONE_ID");
const application = wanted("CARACAL_APPLICATION_ID");
const sts = process.env.CARACAL_STS_URL ?? "http://localhost:8080";
const coordinator = process.env.CARACAL_COORDINATOR_URL ?? "http://localhost:4000";
const gateway = process.env.CARACAL_GATEWAY_URL ?? "http://localhost:8081";
const resource = "${resource}";
type Fields = Record<string, string>;

async function send(url: string, options: RequestInit): Promise<Fields> {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(\`\${answer.status} \${await answer.text()}\`);
  return (await answer.json()) as Fields;
}
const exchange = async (fields: Fields): Promise<string> => {
  const form = { grant_type: "urn:ietf:params:oauth:grant-type:token-exchange", zone_id: zone, resource,
    application_id: application, client_secret: wanted("CARACAL_APP_CLIENT_SECRET"), ...fields };
  const told = await send(\`\${sts}/oauth/2/token\`, { method: "POST", body: new URLSearchParams(form) });
  return told.access_token ?? "";
};
const lifecycle = await exchange({ scope: "agent:lifecycle" }); // the right to run sessions, and nothing else
const coordinate = (path: string, body: object): Promise<Fields> =>
  send(\`\${coordinator}/zones/\${zone}/\${path}\`, {
    method: "POST", body: JSON.stringify(body),
    headers: { Authorization: \`Bearer \${lifecycle}\`, "Content-Type": "application/json" },
  });
const session = async (): Promise<string> => {
  const asked = { application_id: application, ttl_seconds: 900, labels: ["agent"] }; // its role in the policy
  return (await coordinate("agents", asked)).agent_session_id ?? "";
};
const source = await session();
const target = await session();
const { delegation_edge_id = "" } = await coordinate("delegations", { // exactly this scope on exactly this resource
  issuer_application_id: application, receiver_application_id: application, source_session_id: source,
  target_session_id: target, scopes: ["${scope}"], constraints: { resources: [resource] }, ttl_seconds: 900,
});
const mandate = await exchange({ scope: "${scope}", agent_session_id: target, delegation_edge_id }); // one use, minutes
const answer = await fetch(\`\${gateway}${path}\`, {
  method: "${method}",
  headers: { Authorization: \`Bearer \${mandate}\`, "X-Caracal-Resource": resource${kinds} },${sent}
});
console.log(answer.status, await answer.text());
`;
}

function rust({ resource, scope, method, path, body }: Facts): string {
  const sent = body
    ? `\n        .header("Content-Type", "application/json").header("Accept", "${ACCEPT}").body(r#"${body}"#)`
    : "";
  return `// cargo add reqwest --features blocking,json,form && cargo add serde_json; run it after the lines above.
use serde_json::{Value, json};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = |name: &str, usual: &str| var(name).unwrap_or_else(|_| usual.to_owned());
    let sts = url("CARACAL_STS_URL", "http://localhost:8080");
    let coordinator = url("CARACAL_COORDINATOR_URL", "http://localhost:4000");
    let gateway = url("CARACAL_GATEWAY_URL", "http://localhost:8081");
    let (zone, application) = (var("CARACAL_ZONE_ID")?, var("CARACAL_APPLICATION_ID")?);
    let secret = var("CARACAL_APP_CLIENT_SECRET")?;
    let (resource, scope) = ("${resource}", "${scope}");
    let client = reqwest::blocking::Client::new();

    let exchange = |fields: &[(&str, &str)]| -> Result<String, Box<dyn std::error::Error>> {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        let mut form = vec![("grant_type", grant), ("zone_id", &zone), ("application_id", &application),
            ("client_secret", &secret), ("resource", resource)];
        form.extend(fields);
        let answer = client.post(format!("{sts}/oauth/2/token")).form(&form).send()?.error_for_status()?;
        Ok(answer.json::<Value>()?["access_token"].as_str().unwrap_or_default().to_owned())
    };
    // The right to run sessions, and nothing else.
    let lifecycle = exchange(&[("scope", "agent:lifecycle")])?;
    let coordinate = |path: &str, body: Value| -> Result<Value, reqwest::Error> {
        let url = format!("{coordinator}/zones/{zone}/{path}");
        client.post(url).bearer_auth(&lifecycle).json(&body).send()?.error_for_status()?.json()
    };
    let session = || coordinate("agents", json!({"application_id": application, "ttl_seconds": 900, "labels": ["agent"]}));
    let (source, target) = (session()?, session()?);
    // Exactly this scope on exactly this resource, for a quarter of an hour.
    let edge = coordinate("delegations", json!({
        "issuer_application_id": application, "receiver_application_id": application,
        "source_session_id": source["agent_session_id"], "target_session_id": target["agent_session_id"],
        "scopes": [scope], "constraints": {"resources": [resource]}, "ttl_seconds": 900,
    }))?;
    // A mandate: signed, minutes, one use.
    let mandate = exchange(&[("scope", scope),
        ("agent_session_id", target["agent_session_id"].as_str().unwrap_or_default()),
        ("delegation_edge_id", edge["delegation_edge_id"].as_str().unwrap_or_default())])?;
    let answer = client.request("${method}".parse()?, format!("{gateway}${path}"))
        .bearer_auth(mandate).header("X-Caracal-Resource", resource)${sent}.send()?;
    println!("{} {}", answer.status(), answer.text()?);
    Ok(())
}
`;
}

export const LANGUAGES: ReadonlyArray<{ name: string; write: (facts: Facts) => string }> = [
  { name: "curl", write: curl },
  { name: "Python", write: python },
  { name: "TypeScript", write: typescript },
  { name: "Rust", write: rust },
];
