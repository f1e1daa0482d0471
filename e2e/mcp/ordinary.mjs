// A client of MCP that knows the address of a server and nothing of what stands before it: the official SDK finds out where
// tokens come from. What is its own is how a token is asked for, and that each request gets one: a mandate is used once.
// Prints what it saw.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { fetchToken } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { SERVER, ISSUER, APPLICATION, SECRET, ZONE, SESSION, DELEGATION, SCOPE } = process.env;
const sent = new Set();
const challenges = new Set();

class Mandates {
  redirectUrl = undefined;
  clientMetadata = { redirect_uris: [], scope: SCOPE };
  // Bound to the issuer: no other server is shown the secret, whoever names it.
  clientInformation = () => ({ client_id: APPLICATION, client_secret: SECRET, issuer: ISSUER });
  discoveryState = () => this.found;
  saveDiscoveryState = (found) => (this.found = found);
  saveTokens = (tokens) => (this.unused = tokens);

  prepareTokenRequest(scope) {
    return new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      zone_id: ZONE,
      agent_session_id: SESSION,
      delegation_edge_id: DELEGATION,
      scope,
    });
  }

  async tokens() {
    const { unused, found } = this;
    this.unused = undefined;
    if (unused || !found) return unused;
    return fetchToken(this, found.authorizationServerUrl, {
      metadata: found.authorizationServerMetadata,
      resource: found.resourceMetadata.resource,
    });
  }
}

async function watched(url, init) {
  for (const name of new Headers(init?.headers).keys()) sent.add(name);
  const answer = await fetch(url, init);
  const challenge = answer.headers.get("www-authenticate");
  if (challenge) challenges.add(`${answer.status} ${challenge}`);
  return answer;
}

const provider = new Mandates();
const client = new Client({ name: "agent", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(SERVER), { authProvider: provider, fetch: watched });
await client.connect(transport);
const { tools } = await client.listTools();
const called = await client.callTool({ name: "search", arguments: { q: "é" } });
const refused = await client.callTool({ name: "delete", arguments: {} }).then(
  () => "called",
  (error) => String(error),
);
await transport.terminateSession();
await client.close();
const told = provider.found.resourceMetadata;
console.log(
  JSON.stringify({
    tools: tools.map((tool) => tool.name),
    called: called.content[0].text,
    refused,
    told,
    challenges: [...challenges],
    sent: [...sent],
  }),
);
process.exit(0);
