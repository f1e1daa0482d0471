// A client of MCP as its official SDK makes one, which knows an address and nothing else. Prints what it saw.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "agent", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(process.env.TOOLS));
await client.connect(transport);
const { tools } = await client.listTools();
const called = await client.callTool({ name: "search", arguments: { q: "é" } });
const refused = await client.callTool({ name: "delete", arguments: {} }).then(
  () => "called",
  (error) => String(error),
);
await transport.terminateSession();
await client.close();
console.log(
  JSON.stringify({ tools: tools.map((tool) => tool.name), called: called.content[0].text, refused, held: process.env }),
);
process.exit(0);
