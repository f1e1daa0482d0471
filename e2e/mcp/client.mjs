// A client of MCP, as its official SDK makes one, whose requests carry a mandate each. Prints what it saw.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { GATEWAY, RESOURCE, MANDATES } = process.env;
const mandates = MANDATES.split(" ");

function governed(url, init) {
  const headers = new Headers(init?.headers);
  headers.set("authorization", `Bearer ${mandates.shift()}`);
  headers.set("x-caracal-resource", RESOURCE);
  return fetch(url, { ...init, headers });
}

const client = new Client({ name: "agent", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(GATEWAY), { fetch: governed });
await client.connect(transport);
const { tools } = await client.listTools();
const called = await client.callTool({ name: "search", arguments: { q: "é" } });
const refused = [];
for (const name of ["delete", "undeclared"]) {
  await client.callTool({ name, arguments: {} }).then(
    () => refused.push("called"),
    (error) => refused.push(String(error)),
  );
}
await transport.terminateSession();
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), called: called.content[0].text, refused }));
process.exit(0);
