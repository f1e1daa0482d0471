import { createServer, request, type Server } from "node:http";

/**
 * What stands before several replicas of the console: each request goes to the next of them, with the host that the browser asked for.
 * Whatever a replica kept to itself would be missed at once.
 */
export async function front(port: number, replicas: readonly string[]): Promise<Server> {
  let next = 0;
  const server = createServer((asked, answer) => {
    const replica = new URL(replicas[next++ % replicas.length] ?? "");
    const passed = request(
      {
        host: replica.hostname,
        port: replica.port,
        method: asked.method,
        path: asked.url,
        headers: { ...asked.headers, connection: "close" },
        // One that waits for another request may be closed at the moment that it comes.
        agent: false,
      },
      (told) => {
        const { connection: _, ...headers } = told.headers;
        answer.writeHead(told.statusCode ?? 502, headers);
        // A stream is there before its first event.
        answer.flushHeaders();
        told.pipe(answer);
        told.on("error", () => answer.destroy());
      },
    );
    passed.on("error", () => {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end();
    });
    // Whoever leaves a stream ends it there as well.
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
