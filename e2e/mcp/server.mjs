// A server of MCP, as its official SDK makes one: sessions, answers as events, three tools. Prints the port that it got.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const sessions = new Map();

async function open() {
  const server = new McpServer({ name: "things", version: "1.0.0" });
  for (const name of ["search", "delete", "undeclared"]) {
    server.registerTool(name, { description: `to ${name}` }, async () => ({
      content: [{ type: "text", text: `${name} done` }],
    }));
  }
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, transport),
  });
  await server.connect(transport);
  return transport;
}

const listener = createServer(async (request, response) => {
  const known = sessions.get(request.headers["mcp-session-id"]);
  const transport = known ?? (await open());
  await transport.handleRequest(request, response);
});
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
